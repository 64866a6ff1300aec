"""Mark what a class handed in, and write the marks for the LMS and the feedback for the students.

    python -m coursework.grade a3_lstm_from_scratch submissions.zip
    python -m coursework.grade a3_lstm_from_scratch submissions.zip --roster gradebook.csv
    python -m coursework.grade a3_lstm_from_scratch

SUBMISSIONS is the zip or the folder that Canvas or Moodle exports, or nbgrader's own layout. Without it nothing is marked: the exports and
the feedback are made anew, with the marks that were given by hand since.

Students' code runs in a sandbox, on all processors of this machine or, with --scheduler, on those of a Dask cluster. This process alone
writes into the folder of the course. When it is stopped, at any moment, run the same command again: it goes on where it was.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import os
import sys
from pathlib import Path

import nbformat

from coursework import fast, feedback, lms, marking, names, path_of, proof, sandbox, submissions
from coursework.course import Course, InUse, write
from coursework.marking import Task, Unfit
from coursework.sandbox import Limits, NoSandbox


def main(arguments=None):
    """The command ``python -m coursework.grade``; what goes wrong is one sentence."""
    options = parser().parse_args(arguments)
    try:
        batch(options)
    except (ValueError, InUse, NoSandbox, Unfit) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nstopped; nothing is lost: the same command goes on from here")


def parser():
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m coursework.grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("name", metavar="NAME", help=f"the assignment: {', '.join(names())}")
    made.add_argument("submissions", metavar="SUBMISSIONS", nargs="?", type=Path, help="a folder or a zip")
    made.add_argument("--course", metavar="FOLDER", type=Path, default=Path("course"), help="the folder of the course (default: course)")
    made.add_argument("--roster", metavar="CSV", type=Path, help="the class as Canvas or Moodle exports it: it comes back with the marks")
    made.add_argument("--column", metavar="TITLE", help="the column of the roster that is filled (default: the one called NAME)")
    made.add_argument("--again", action="store_true", help="mark everything again, also what has not changed")
    made.add_argument(
        "--seed", metavar="N", type=int, help="what the hidden tests draw from (default: drawn once for the course, and kept)"
    )
    made.add_argument(
        "--workers", metavar="N", type=int, default=os.cpu_count(), help="processes on this machine (default: all processors)"
    )
    made.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers mark, instead of this machine")
    made.add_argument("--cell-limit", metavar="SECONDS", type=float, default=Limits.cell, help="for one cell (default: %(default)g)")
    made.add_argument("--limit", metavar="SECONDS", type=float, default=Limits.whole, help="for one submission (default: %(default)g)")
    made.add_argument("--memory", metavar="MB", type=int, default=Limits.memory >> 20, help="for one submission (default: %(default)d)")
    made.add_argument("--trust-students", action="store_true", help="run their code without a sandbox, with all that you may do")
    return made


def batch(options):
    """Everything from the submissions to the exports."""
    source = nbformat.read(path_of(options.name), 4)
    if options.submissions and not options.trust_students and not options.scheduler:
        sandbox.check()
    roster = lms.roster(options.roster) if options.roster else None
    handed_in = submissions.collect(options.name, source, options.submissions) if options.submissions else []
    limits = Limits(cell=options.cell_limit, whole=options.limit, memory=options.memory << 20)
    with cluster(options) as client, Course(options.course, options.name, options.seed) as course:
        task = Task(options.name, marking.edition(options.name), course.seed, limits, options.trust_students)
        graded(course, task, handed_in, client, options.again)
        told = exports(course, source, roster, options.column)
        pages(course, source, client)
        print(table(course, told))


@contextlib.contextmanager
def cluster(options):
    """Dask's interface to the workers: processes of this machine, or those of a scheduler somewhere."""
    import dask
    from distributed import Client, LocalCluster

    quiet = {
        "distributed.worker.memory.terminate": False,
        "distributed.worker.memory.pause": False,
        "distributed.logging.distributed": "error",
        "distributed.admin.low-level-log-length": 10,  # of messages, each with a notebook in it: a thousand of them are kept otherwise
    }
    with dask.config.set(quiet):
        if options.scheduler:
            try:
                client = Client(options.scheduler, timeout=10)
            except OSError:
                raise ValueError(f"no Dask scheduler answers at {options.scheduler}: start one, or leave --scheduler out") from None
            with client:
                yield warmed(client)
        else:
            workers = max(1, options.workers)
            with (
                LocalCluster(
                    workers, threads_per_worker=1, memory_limit=None, dashboard_address="127.0.0.1:0", silence_logs="ERROR"
                ) as local,
                Client(local) as client,
            ):
                yield warmed(client)


def warmed(client):
    """Let every worker import what takes seconds, while this process opens the course."""
    from distributed import fire_and_forget

    for worker in client.scheduler_info(n_workers=-1)["workers"]:
        fire_and_forget(client.submit(marking.warm, workers=[worker], pure=False))
    return client


class Few:
    """Gives work to Dask's workers and takes the results as they come, so that only a few are held at any time.

    Args:
        client: Dask's.
        take: called with what :meth:`give` got as its first argument, and the future.
    """

    def __init__(self, client, take):
        from distributed import as_completed

        self.client, self.take, self.given, self.done = client, take, {}, as_completed()
        self.most = 3 * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))

    def give(self, about, function, *arguments):
        """Hand a call to a worker; ``about`` says what it is for."""
        future = self.client.submit(function, *arguments, pure=False)
        self.given[future.key] = about
        self.done.add(future)
        del future
        while len(self.given) >= self.most:
            self._take()

    def finish(self):
        """Wait until everything that was given out is done."""
        while self.given:
            self._take()

    def _take(self):
        future = next(self.done)
        self.take(self.given.pop(future.key), future)


def graded(course, task, handed_in, client, again=False):
    """Mark what was handed in, and store each result as it comes."""
    from distributed.scheduler import KilledWorker
    from tqdm import tqdm

    version = f"{task.edition}-{task.seed}"

    def take(submission, future):
        try:
            marks = future.result()
        except KilledWorker:
            reason = "the workers that marked it died, one after the other: look at the notebook, and mark it by hand"
            course.store(rejected(submission, reason, version))
        except Exception as error:
            reason = f"it could not be marked ({type(error).__name__}: {error}): look at the notebook, and mark it by hand"
            course.store(rejected(submission, reason, version))
        else:
            if isinstance(marks, Unfit):
                raise marks
            course.store(entry(submission, marks, version), marks.notebook)
        bar.update()

    few = Few(client, take)
    with tqdm(total=len(handed_in), desc=task.name, unit=" submissions", disable=None) as bar:
        for submission in handed_in:
            known = course.entry(submission.student)
            if known and not again and (known["digest"], known["edition"]) == (submission.digest, version):
                course.enter(known)
                bar.update()
            elif submission.rejected:
                course.store(rejected(submission, submission.rejected, version))
                bar.update()
            else:
                few.give(dataclasses.replace(submission, notebook=None), marking.marked, task, submission.notebook)
        few.finish()


def pages(course, source, client):
    """Write the feedback of every student whose marks, comments or notebook have changed since."""
    automatic, by_hand = proof.points(source)

    def take(about, future):
        path, stamp = about
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, future.result() + stamp)

    few = Few(client, take)
    for each in course.entries():
        path = course.folder / "feedback" / each["student"] / course.name / f"{course.name}.html"
        if each["rejected"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, feedback.refusal(course.name, each["rejected"]))
        else:
            scores, comments = course.marks(each["student"])
            notebook = course.notebook_of(each["student"]).read_text("utf-8")
            given = course.name, notebook, scores, automatic | by_hand, comments, course.seed
            stamp = f"<!-- {hashlib.sha256(repr(given).encode()).hexdigest()} -->\n"
            if not (path.exists() and path.read_text("utf-8").endswith(stamp)):
                few.give((path, stamp), feedback.page, *given)
    few.finish()


def entry(submission, marks, version):
    """What the journal keeps of a submission that was marked."""
    notebook = nbformat.reads(marks.notebook, 4)
    by_hand = {
        fast.info(cell)["grade_id"]: hashlib.sha256(cell.source.encode()).hexdigest() for cell in notebook.cells if fast.is_manual(cell)
    }
    found = {"scores": marks.scores, "answers": by_hand, "remarks": list(marks.remarks), "repairs": list(submission.repairs)}
    return person(submission, version) | {"rejected": None, "seconds": round(marks.seconds, 2)} | found


def rejected(submission, reason, version):
    """What the journal keeps of a submission that was not marked."""
    return person(submission, version) | {"rejected": reason, "remarks": [], "repairs": []}


def person(submission, version):
    """What a result says of its student and of the version that made it."""
    about = {"student": submission.student, "name": submission.name, "lms_id": submission.lms_id, "late": submission.late}
    return about | {"digest": submission.digest, "edition": version}


def exports(course, source, roster=None, column=None):
    """Write the files for Canvas and Moodle; of a roster, the one of its LMS. Returns what to know about them, sentences."""
    totals = course.totals()
    most = sum(sum(points.values()) for points in proof.points(source))
    rows = [
        lms.Row(each["student"], each["name"] or each["student"], each["lms_id"], None if each["rejected"] else totals.get(each["student"]))
        for each in course.entries()
    ]
    told = []
    for title, written in (("Canvas", lms.write_canvas), ("Moodle", lms.write_moodle)):
        if roster is None or roster.lms in ("", title):
            path = course.folder / "exports" / f"{course.name}-{title.lower()}.csv"
            rest = {"column": column} if title == "Canvas" else {}
            told += [f"for {title}: {path}", *few_of(written(path, course.name, most, rows, roster, **rest))]
    return told


def few_of(sentences, most=5):
    """The first of many sentences, and how many more there are."""
    return sentences if len(sentences) <= most else [*sentences[:most], f"... and {len(sentences) - most} more of this kind"]


def table(course, told):
    """The end of a batch, as text: who has marks, who waits for a person, who has to be looked at, and who was not marked."""
    totals, entries = course.totals(), list(course.entries())
    marked = [each for each in entries if not each["rejected"]]
    waiting = [each for each in marked if totals.get(each["student"]) is None]
    refused = [each for each in entries if each["rejected"]]
    lines = ["", f"{course.name}: {len(marked)} graded, {len(waiting)} of them awaiting marks by hand, {len(refused)} rejected"]
    for title, chosen, say in (
        ("Rejected, so without a mark", refused, lambda each: [each["rejected"]]),
        ("Late, as the LMS says", [each for each in entries if each["late"]], lambda each: ["the mark is as if it were not"]),
        ("Graded, and to be looked at", [each for each in marked if each["remarks"]], lambda each: each["remarks"]),
        ("Graded, and mended before", [each for each in marked if each["repairs"]], lambda each: each["repairs"]),
    ):
        if chosen:
            lines += ["", f"{title}:"]
            lines += [f"  {who(each)}: {sentence}" for each in chosen for sentence in say(each)]
    return "\n".join([*lines, "", *told, f"feedback: {course.folder / 'feedback'}"])


def who(each):
    """A student as the table names one: the login, and the name where it says more."""
    return f"{each['student']} ({each['name']})" if each["name"] and each["name"] != each["student"] else each["student"]


if __name__ == "__main__":
    main()
