"""`evalsite run FILE`: declare an experiment, work on its runs or watch the workers, and print the board."""

from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from rich.console import Console

from evalsite.commands import CommandFailed, SiteCommand
from experiments.actions import ActionRefused, declare_experiment, freeze_case_list, project_named
from experiments.files.experiment_file import ExperimentFile, FileProblems, load
from experiments.files.fields import suggestion
from experiments.models import Candidate, Experiment
from experiments.wording import counted
from runs.actions import prepare, retry_failed, start_experiment
from runs.actions.planning import wanted_plan
from runs.actions.preparing import check_templates, prompts_of
from runs.lanes.foreground import Foreground
from runs.live.watching import HostWatch, living_host, progress_of
from runs.management.outputs import add_outputs, check_outputs, prints_one, write_outputs
from runs.models import Preparation, Run, RunStatus
from runs.runners.simulator import needs_simulator, running_simulator
from runs.terminal import ProgressDisplay, print_plan
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import Met, required_of
from scoring.changing.rescoring import bring_up_to_date
from scoring.terminal import print_board, print_forecast, print_requirements

TOO_MANY_ERRORS, FILE_WRONG, REQUIREMENT_UNMET, NOT_FINISHED, INTERRUPTED = 1, 2, 3, 5, 130


class Command(SiteCommand):
    """Run an experiment file; running it again continues it."""

    help = "Run an experiment file: what is missing is done, then the leaderboard is printed."
    needs_database = False  # not before the file was read: whose file is wrong hears of it at once

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", help="the experiment file (YAML or JSON); - reads standard input")
        parser.add_argument("--check", action="store_true", help="validate, render, print the plan; call nothing")
        parser.add_argument("--pilot", action="store_true", help="the first 5 items only; then what all would cost")
        parser.add_argument("--limit", type=int, metavar="N", help="the first N items only")
        parser.add_argument("--sample", type=int, metavar="N", help="N items in the order of the selection's seed")
        parser.add_argument("--trials", type=int, metavar="N", help="repetitions of each item")
        parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="replace a value")
        parser.add_argument("--retry-errors", action="store_true", help="run errored results again")
        parser.add_argument("--no-reuse", action="store_true", help="take no answers from earlier runs")
        add_outputs(parser)
        parser.add_argument(
            "--candidate", action="append", default=[], metavar="NAME", help="run only this one; repeat for more"
        )
        parser.add_argument("--local", action="store_true", help="work here, even where workers live")
        parser.add_argument("--detach", action="store_true", help="leave the work to the workers and return at once")
        parser.add_argument("--quiet", action="store_true", help="print the board only")

    def handle(self, **options: Any) -> None:
        """Do it; the exit codes are those of docs/command-line.md."""
        console = Console(quiet=options["quiet"], stderr=prints_one(options))
        check_outputs(options)
        file = self._loaded(options)
        _check_candidates(options["candidate"], [part.name for part in file.candidates])
        self.bring_up_to_date()
        experiment = self._declared(file, console)
        file = file.without_rows()  # hundreds of thousands would be kept as long as the runs take
        if options["check"]:
            self._render(file, experiment, options)
            print_plan(console, experiment, _chosen(experiment, options))
            print_forecast(console, experiment)
            return
        runs = self._work(experiment, options, console)
        if options["detach"]:
            count = "1 run is" if len(runs) == 1 else f"{len(runs)} runs are"
            console.print(f"{count} with the workers; the same command without --detach watches.")
            return
        judged = bring_up_to_date(experiment)
        if judged.verdicts:
            console.print(
                f"Stored answers were scored again, without a call: verdicts {judged.verdicts}, "
                f"other than before {judged.flips}.",
                style="dim",
            )
        required = self._report(file, experiment, options)
        if options["pilot"]:
            print_forecast(console, experiment)
        self._judge(experiment, runs)
        self._require([] if options["pilot"] else required)

    @staticmethod
    def _report(file: ExperimentFile, experiment: Experiment, options: dict[str, Any]) -> list[Met]:
        """Print the board, write the files that are asked for, and return what it was required to show."""
        board = leaderboard(experiment)
        names = options["candidate"]
        required = [one for one in required_of(board) if not names or one.candidate in names]
        shown = Console(stderr=prints_one(options))
        print_board(shown, board)
        print_requirements(shown, required)
        write_outputs(options, file, board, required)
        return required

    def _loaded(self, options: dict[str, Any]) -> ExperimentFile:
        overrides = dict(self._pair(text) for text in options["set"])
        overrides |= {name: str(options[name]) for name in ("limit", "sample", "trials") if options[name] is not None}
        if options["no_reuse"]:
            overrides["reuse"] = "false"
        try:
            return load(options["file"], overrides=overrides)
        except FileProblems as problems:
            raise CommandFailed(str(problems), returncode=FILE_WRONG) from problems

    @staticmethod
    def _pair(text: str) -> tuple[str, str]:
        key, separator, value = text.partition("=")
        if not separator:
            raise CommandFailed(f"--set {text}: write KEY=VALUE", returncode=FILE_WRONG)
        return key, value

    def _declared(self, file: ExperimentFile, console: Console) -> Experiment:
        try:
            declaration = declare_experiment(file=file, project=project_named(file.project), by=None)
        except ActionRefused as refusal:
            raise CommandFailed(str(refusal), returncode=FILE_WRONG) from refusal
        for note in [*file.warnings, *declaration.notes]:
            console.print(note, style="dim", markup=False)
        return declaration.experiment

    @staticmethod
    def _render(file: ExperimentFile, experiment: Experiment, options: dict[str, Any]) -> None:
        """Render the prompts for the items of the site; those that a file brings were rendered when it was declared."""
        if file.dataset.rows is not None:
            return
        try:
            case_list = freeze_case_list(experiment)
            limit = wanted_plan(experiment, case_list).limit
            prompts = prompts_of(_chosen(experiment, options))
            check_templates(prompts, experiment.variables, case_list, 0, limit)
        except ActionRefused as refusal:
            raise CommandFailed(str(refusal), returncode=FILE_WRONG) from refusal

    def _work(self, experiment: Experiment, options: dict[str, Any], console: Console) -> list[Run]:
        host = None if options["local"] else living_host()
        if options["detach"] and host is None:
            raise CommandFailed("--detach needs a worker: start one with `evalsite worker`", returncode=NOT_FINISHED)
        if host is None:
            return self._work_here(experiment, options, console)
        runs = self._started(experiment, options, owner="")
        if not options["detach"]:
            self._watch(runs, console, experiment, options)
        return runs

    def _started(self, experiment: Experiment, options: dict[str, Any], *, owner: str) -> list[Run]:
        try:
            only = _chosen(experiment, options)
            runs = start_experiment(
                experiment=experiment, by=None, owner=owner, is_pilot=options["pilot"], only=only
            ).runs
        except ActionRefused as refusal:
            raise CommandFailed(str(refusal), returncode=FILE_WRONG) from refusal
        for run in runs if options["retry_errors"] else []:
            self._retry(run)
        return runs

    @staticmethod
    def _retry(run: Run) -> None:
        if progress_of([run.pk])[0].totals.error_count:
            retry_failed(run=run, by=None)

    def _work_here(self, experiment: Experiment, options: dict[str, Any], console: Console) -> list[Run]:
        with ExitStack() as stack:
            if needs_simulator(experiment):
                stack.enter_context(running_simulator())
            foreground = Foreground()
            stack.callback(foreground.leave)
            runs = self._started(experiment, options, owner=foreground.owner)
            display = stack.enter_context(ProgressDisplay(console, [run.pk for run in runs]))
            display.start()
            self._prepare(experiment, foreground)
            foreground.work([run.pk for run in runs])
            display.finish()
        if foreground.is_interrupted:
            raise CommandFailed("interrupted; what was done is kept. The same command goes on.", returncode=INTERRUPTED)
        return runs

    @staticmethod
    def _prepare(experiment: Experiment, foreground: Foreground) -> None:
        """Do what a large experiment needs before its first call, if it is this command's to do."""
        waiting = Preparation.objects.filter(experiment=experiment, owner=foreground.owner)
        try:
            for preparation in waiting.select_related("experiment", "case_list__dataset_version"):
                prepare(preparation=preparation, beat=foreground.beat)
        except ActionRefused as refusal:
            raise CommandFailed(str(refusal), returncode=FILE_WRONG) from refusal
        except KeyboardInterrupt:
            message = "interrupted before the first call. The same command goes on."
            raise CommandFailed(message, returncode=INTERRUPTED) from None

    def _watch(self, runs: list[Run], console: Console, experiment: Experiment, options: dict[str, Any]) -> None:
        """Watch the workers; take the work over when none of them has lived for 10 s."""
        ids, hosts = [run.pk for run in runs], HostWatch()
        with ProgressDisplay(console, ids) as display:
            try:
                done = display.watch(until=hosts.all_gone)
            except KeyboardInterrupt:
                message = "stopped watching; the workers go on. See them in the browser, or run the command again."
                raise CommandFailed(message, returncode=INTERRUPTED) from None
        if not done:
            console.print("No worker has shown life for 10 s: working on it here.", style="yellow")
            self._work_here(experiment, options, console)

    def _judge(self, experiment: Experiment, runs: list[Run]) -> None:
        """End with the code that the runs deserve."""
        progress = progress_of([run.pk for run in runs])
        stopped = [one.run for one in progress if one.run.status != RunStatus.COMPLETED]
        if stopped:
            reasons = "\n".join(f"{run.name}: {run.status}, {run.status_reason}" for run in stopped)
            raise CommandFailed(reasons, returncode=NOT_FINISHED)
        errors = sum(one.totals.error_count for one in progress)
        results = sum(one.totals.results for one in progress)
        if errors > allowed_errors(experiment.max_errors, results):
            message = f"{errors} of {counted(results, 'result')} came to errors; max_errors is {experiment.max_errors}"
            raise CommandFailed(message, returncode=TOO_MANY_ERRORS)

    @staticmethod
    def _require(required: Sequence[Met]) -> None:
        """End with the code of requirements that are not met."""
        unmet = [one for one in required if not one.is_met]
        if unmet:
            message = f"{len(unmet)} of {len(required)} requirements are not met"
            raise CommandFailed(message, returncode=REQUIREMENT_UNMET)


def _check_candidates(names: Sequence[str], known: Sequence[str]) -> None:
    """Raise CommandFailed for a name that no candidate of the file has."""
    for name in names:
        if name not in known:
            sentence = f'--candidate: there is no candidate "{name}" in the file'
            there = suggestion(name, known) or f"; there are {', '.join(known)}"
            raise CommandFailed(sentence + there, returncode=FILE_WRONG)


def _chosen(experiment: Experiment, options: dict[str, Any]) -> list[Candidate]:
    """Return the candidates that are to run: all, unless some are named."""
    listed = experiment.candidates.listed()
    return list(listed.filter(name__in=options["candidate"]) if options["candidate"] else listed)


def allowed_errors(max_errors: str, results: int) -> float:
    """Return how many errors are allowed: a number, or a share of the results like "1%"."""
    text = max_errors.strip()
    return float(text[:-1]) / 100 * results if text.endswith("%") else float(text)
