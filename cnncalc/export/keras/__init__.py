"""What each op is in Keras, and the text of a file of functions."""
