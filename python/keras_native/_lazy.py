"""Names that load their module when first used, so that `import keras_native` stays light."""

import importlib
import sys


def lazy(package, names, modules=()):
    """`__getattr__`, `__dir__` and `__all__` for a package.

    # Arguments
        package: `__name__` of the package.
        names: {submodule: [names it provides]}; submodules are attributes as well.
        modules: further submodules.
    """
    home = {name: module for module, provided in names.items() for name in provided}
    submodules = {*names, *modules} - set(home)

    def __getattr__(name):
        if name in home:
            value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
            # Replaces the submodule of the same name that the import has just put there.
            setattr(sys.modules[package], name, value)
            return value
        if name in submodules:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*home, *submodules, *vars(sys.modules[package])})

    return __getattr__, __dir__, sorted(home)
