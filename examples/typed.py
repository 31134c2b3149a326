# kflite run examples/typed.py
"""Parameters with types of their own: a dataclass is a mapping in KFP, and an object in a component's code."""

from dataclasses import dataclass, field
from typing import Literal

from kflite import dsl


@dataclass
class Layer:
    width: int
    activation: Literal["relu", "tanh"] = "relu"


@dataclass
class Network:
    layers: list[Layer] = field(default_factory=list)
    rate: float = 0.01

    def weights(self, inputs: int) -> int:
        total = 0
        for layer in self.layers:
            total, inputs = total + inputs * layer.width, layer.width
        return total


@dsl.component
def design(depth: int, shape: Literal["flat", "funnel"] = "funnel") -> Network:
    widths = [64 // 2**place if shape == "funnel" else 64 for place in range(depth)]
    return Network([Layer(width) for width in widths], rate=0.1)


@dsl.component
def size(network: Network, inputs: int) -> str:
    return f"{network.weights(inputs)} weights in {len(network.layers)} layers"


@dsl.pipeline
def typed(depth: int = 3, shape: Literal["flat", "funnel"] = "funnel") -> str:
    return size(network=design(depth=depth, shape=shape).output, inputs=10).output
