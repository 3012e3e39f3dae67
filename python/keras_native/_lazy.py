"""Names that load their module when first used, so that `import keras_native` stays light."""

import importlib
import sys


def lazy(package, names, modules=(), aliases=None):
    """`__getattr__`, `__dir__` and `__all__` for a package.

    Args:
        package: `__name__` of the package.
        names: {submodule: [names it provides]}; a submodule may start with dots to leave the
            package, and is an attribute as well otherwise.
        modules: further submodules.
        aliases: {further name: name}.
    """
    home = {name: module for module, provided in names.items() for name in provided}
    submodules = {name for name in (*names, *modules) if "." not in name} - set(home)
    aliases = aliases or {}

    def __getattr__(name):
        if name in aliases:
            return getattr(sys.modules[package], aliases[name])
        if name in home:
            module = home[name]
            module = importlib.import_module(module if module[0] == "." else f".{module}", package)
            value = getattr(module, name)
            # Replaces the submodule of the same name that the import may have put there.
            setattr(sys.modules[package], name, value)
            return value
        if name in submodules:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*home, *submodules, *vars(sys.modules[package])})

    return __getattr__, __dir__, sorted(home)
