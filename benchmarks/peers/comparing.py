"""Ours on a warm worker against each peer that is installed, in the same rounds, so that noise hits all alike."""

from statistics import median

from benchmarks.bench import Bench
from benchmarks.engine import worker
from benchmarks.job import MODEL, Job, items_file
from benchmarks.measuring import Failed, Taken, measured
from benchmarks.peers.installing import Peer, installed
from benchmarks.provider import Provider, environment
from benchmarks.table import Row
from benchmarks.warm import start_on_worker


def peers(bench: Bench) -> list[Row]:
    """The short job at 50 ms: wall, CPU and memory of each peer, and the share of its time that ours takes."""
    job = Job(bench.items // 5, latency_ms=50)
    found = installed()
    ours: list[float] = []
    theirs: dict[str, list[Taken]] = {peer.name: [] for peer in found}
    with Provider(bench.folder, latency_ms=job.latency_ms) as provider, worker(bench.folder) as pid:
        start_on_worker(bench.folder, job, provider, "the first is not yet a warm one's", pid)
        for name in bench.names("peers"):
            ours.append(start_on_worker(bench.folder, job, provider, name, pid).completed_s)
            for peer in found:
                theirs[peer.name].append(run_peer(peer, bench, job, provider))
    return [row for peer in found for row in _rows(peer, job, median(ours), theirs[peer.name])]


def run_peer(peer: Peer, bench: Bench, job: Job, provider: Provider) -> Taken:
    """Run the job in the peer's environment. Raises Failed when it fails, or has made another number of calls."""
    file = items_file(bench.folder, job, name=f"for {peer.name}")
    provider.reset()
    arguments = [provider.base_url, provider.key, str(file), MODEL, str(job.in_flight)]
    taken = measured([str(peer.python), str(peer.script), *arguments], environment(bench.folder))
    requests = provider.stats()["requests"]
    if requests != job.items:
        raise Failed(f"{peer.label} made {requests} requests for {job.items} items")
    return taken


def _rows(peer: Peer, job: Job, ours_s: float, taken: list[Taken]) -> list[Row]:
    wall_s = median(each.wall_s for each in taken)
    cpu_ms = median(each.cpu_s for each in taken) / job.items * 1000
    peak_mib = median(each.peak_mib for each in taken)
    size = f"N = {job.items:,}, {job.latency_ms:g} ms"
    value = f"{wall_s:.2f} s, {wall_s / job.ideal_s:.1f} x ideal, {cpu_ms:.2f} ms CPU per item, {peak_mib:.0f} MiB"
    share = ours_s / wall_s
    figure = f"start action to completed, warm worker, over {peer.label}"
    if peer.most is None:
        return [Row(f"{peer.label}, whole process, {size}", value), Row(figure, f"1/{1 / share:.1f}")]
    goal = f"<= 1/{1 / peer.most:.0f}"
    return [
        Row(f"{peer.label}, whole process, {size}", value),
        Row(figure, f"1/{1 / share:.1f}", goal, share <= peer.most),
    ]
