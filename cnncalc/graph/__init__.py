"""NetworkSpec -> Graph: blocks and repeats expanded, names resolved, shapes inferred, in execution order."""

from cnncalc.graph.builder import build
from cnncalc.graph.model import Graph, GraphLayer, Node, Scope

__all__ = ["Graph", "GraphLayer", "Node", "Scope", "build"]
