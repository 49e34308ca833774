"""PyTorch as a language that a network is written in."""

from __future__ import annotations

from cnncalc.export.program.bodies import Language
from cnncalc.export.pytorch.ops import OPS

MODULE = frozenset({
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu",
    "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state",
    "get_parameter", "get_submodule", "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers",
    "named_children", "named_modules", "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
    "register_module", "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
    "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
})  # fmt: skip
"""Public attributes of nn.Module."""
USED = frozenset({"F", "bool", "int", "math", "nn", "range", "self", "super", "torch", "tuple"})
"""Names that the file itself uses."""

PYTORCH = Language(name="PyTorch", ops=OPS, taken=MODULE | USED)
