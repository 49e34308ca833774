"""From what people have (PyTorch, later ONNX and Keras) to a spec: source -> `Imported` records -> text -> reader."""
