"""The commands: one file each, whose function `command` takes the options and does nothing but call."""
