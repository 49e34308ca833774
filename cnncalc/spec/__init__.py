"""From text to `NetworkSpec`: the language, read strictly, with positions."""
