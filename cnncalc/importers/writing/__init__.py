"""From the layers that an importer found to the text of a network file."""
