"""ONNX files, read as bytes without the onnx package."""
