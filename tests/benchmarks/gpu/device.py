"""What the device itself can do: copies, kernel launches, and reads by the host."""

import os

import torch

from tests.benchmarks.gpu.bench import Bench, Row


def card(bench: Bench) -> None:
    """Name the card and its software."""
    if not bench.cuda:
        bench.add(Row("device", bench.device, "no card", note=f"torch {torch.__version__}, {os.cpu_count()} CPUs"))
        return
    found = torch.cuda.get_device_properties(bench.device)
    note = f"L2 {found.L2_cache_size >> 20} MB, torch {torch.__version__}, {os.cpu_count()} CPUs"
    bench.add(Row("device", found.name, f"{found.multi_processor_count} SMs", note=note))


def copy_bandwidth(bench: Bench) -> None:
    """Time a copy within the device's memory; the limit is what an H100 and an H200 are sold with."""
    count = 1 << (28 if bench.cuda and not bench.small else 22)
    source = torch.rand(count, device=bench.device, dtype=torch.float64)
    target = torch.empty_like(source)
    rate = 2 * 8 * count / bench.median(lambda: target.copy_(source)) / 1e9
    bench.add(Row("copy", f"{8 * count >> 20} MB", f"{rate:.2f} TB/s", "3.0 / 4.3"))


def launches(bench: Bench) -> None:
    """Time the launch of a tiny kernel, one by one and in a CUDA graph, and a host read."""
    values = torch.rand(64, device=bench.device)

    def thousand() -> None:
        for _ in range(1000):
            values.add_(1.0)

    bench.add(Row("launch of a tiny kernel, eager", "1,000", f"{bench.median(thousand):.2f} µs each"))
    read = 10.0 * bench.median(lambda: [float(values[0]) for _ in range(100)])
    bench.add(Row("host read (.item())", "100", f"{read:.1f} µs each"))
    if bench.cuda:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            thousand()
        bench.add(Row("launch of a tiny kernel, in a graph", "1,000", f"{bench.median(graph.replay):.2f} µs each"))


def copy_to_host(bench: Bench) -> None:
    """Time a copy from the device to pageable memory of the host."""
    if bench.cuda:
        there = torch.empty(1 << 23, dtype=torch.float64, device=bench.device)
        here = torch.empty(1 << 23, dtype=torch.float64)
        rate = (1 << 26) / bench.median(lambda: here.copy_(there)) / 1e6
        bench.add(Row("device to host, pageable", "64 MB", f"{rate:.1f} GB/s"))
