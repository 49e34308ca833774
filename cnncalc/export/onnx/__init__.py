"""The parts of an ONNX file."""
