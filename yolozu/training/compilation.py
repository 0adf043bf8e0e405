"""The part of a detector whose shapes do not change from batch to batch, compiled for training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from yolozu.errors import UsageError

MOST_SHAPES = 64
"""Batch sizes times input sizes that a training compiles for: two of the former (four where patches of images are
hidden) and a dozen of the latter are usual."""


class CompiledEncoding:
    """Backbone, projectors and hybrid encoder as one graph for each shape of images.

    The decoder stays as it is: its number of queries follows the objects of a batch. Every shape has a graph of its
    own, whatever shapes came before, so that a resumed training computes the same bits; in exchange, each new shape
    costs a compilation. Only training steps are compiled: validation, export and copies of the detector (its average)
    never see it, and no name in the state dict changes.
    """

    def __init__(self, detector: Any) -> None:
        self._detector = detector
        self._encode: Any = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within the block, `Detector.encode` is the compiled one.

        Raises:
            UsageError: YZ512, this machine lacks a compiler, or there are more shapes than could be worth it.
        """
        from torch._dynamo import config, exc
        from torch._inductor import config as inductor
        from torch._inductor.exc import CppCompileError, InvalidCxxCompiler

        if self._encode is None:
            self._encode = torch.compile(self._detector.encode, dynamic=False, fullgraph=True)
        limits = {"recompile_limit": MOST_SHAPES, "fail_on_recompile_limit_hit": True}
        same_bits = torch.are_deterministic_algorithms_enabled() and hasattr(inductor, "deterministic")
        choices = {"deterministic": True} if same_bits else {}  # else kernels are chosen by how fast they just were
        self._detector.encode = self._encode
        try:
            with config.patch(limits), inductor.patch(choices):
                yield
        except exc.FailOnRecompileLimitHit as error:
            problem = f"would be compiled for more than {MOST_SHAPES} sizes of batches and images"
            raise _refusal(problem, fix="use fewer sizes, or set torch_compile: false") from error
        except (exc.TorchDynamoException, CppCompileError, InvalidCxxCompiler) as error:
            raise _cannot_be_compiled(error) from error
        finally:
            del self._detector.encode


def _cannot_be_compiled(error: Exception) -> Exception:
    reason = str(error).strip().splitlines()[0]
    fix = "set torch_compile: false"
    if "Cpp" in reason or "Cxx" in reason:  # by which names torch tells of a compiler that is missing or fails
        fix = f"install a C++ compiler (g++ or clang++; CXX names another one), or {fix}"
    return _refusal(f"cannot be compiled here: {reason}", fix=fix)


def _refusal(problem: str, *, fix: str) -> Exception:
    return UsageError.one("YZ512", where="torch_compile: true: the detector", problem=problem, fix=fix)
