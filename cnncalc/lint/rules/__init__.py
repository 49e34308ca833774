"""The lint rules, one file each; importing this package registers all of them in `RULES`."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
