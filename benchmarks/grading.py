"""What it takes to mark a class: this grader, with its sandbox and its cross-check, beside nbgrader's own ``autograde``.

    python benchmarks/grading.py                # 60 submissions in both ways, and the hostile class: about five minutes on two processors
    python benchmarks/grading.py --class 600    # and the memory of the coordinator for a large class too: about five more

Both mark the same notebooks of assignment 3, known wrong answers among them, from the start of the command to its end, one after the
other in this one run; the marks are compared. nbgrader works serially, as it does, without a sandbox, and writes no feedback; this grader
uses all processors and writes feedback and exports. Do not do anything else on the machine meanwhile.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import hostile

from coursework import course, fast, proof, release

NAME = hostile.NAME


def hand_in(folder, copied, number):
    """A class of ``number``, every known wrong answer in turn, and every third student right."""
    for each in range(number):
        wrong = hostile.WRONG[each % len(hostile.WRONG)]
        edits = hostile.RIGHT if each % 3 == 0 else proof.edits(hostile.SOURCE, wrong)
        hostile.hand_in(folder, f"s{each:03}", hostile.answered(copied, edits))


def timed(command, folder):
    """Seconds that a command takes, and the most memory that it held itself, in MB; not what the processes held that it began."""
    began, most = time.perf_counter(), 0
    with subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        itself = psutil.Process(running.pid)
        while running.poll() is None:
            with contextlib.suppress(psutil.Error):
                most = max(most, itself.memory_info().rss)
            time.sleep(0.05)
    if running.returncode:
        sys.exit(f"this ended with {running.returncode}: {' '.join(map(str, command))}")
    return time.perf_counter() - began, most / 2**20


def grade(where, course, *options):
    """Run our grader over the submissions in ``where``; what it took, as :func:`timed` says it."""
    return timed([sys.executable, "-m", "coursework.grade", NAME, where, "--course", course, *options], ROOT)


def gradebook(folder):
    """The automatic marks in a course's gradebook: ``{student: {id: points}}``."""
    with course.nbgrader(folder).gradebook as book:
        return {
            each.student_id: {mark.name: mark.auto_score for mark in each.notebooks[0].grades} for each in book.assignment_submissions(NAME)
        }


def journal(folder):
    """What our grader wrote down of each student: ``{student: result}``."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in (folder / "journal" / NAME).glob("*.json")}


def harm(course):
    """Of the hostile class: who means harm, who does not, of these whose marks changed, of those who lost or forged marks unnoticed."""
    found, seed = journal(course), int((course / "seed").read_text())
    honest = {"reference": hostile.RIGHT, "untouched": {}, "Núñez, Jr": hostile.RIGHT, "张伟": hostile.RIGHT}
    honest |= {student: proof.edits(hostile.SOURCE, wrong) for student, wrong in hostile.HONEST.items()}
    changed = sum(found[student]["scores"] != fast.marks(hostile.SOURCE, edits, seed) for student, edits in honest.items())
    automatic, _ = proof.points(hostile.SOURCE)
    others = [each for student, each in found.items() if student not in honest]
    whole = [not each["rejected"] and all(each["scores"][name] == most for name, most in automatic.items()) for each in others]
    silent = sum(not (right or each["rejected"] or each["remarks"] or each["repairs"]) for each, right in zip(others, whole, strict=True))
    return len(others), len(honest), changed, silent


def main():
    """Mark the same submissions in both ways, then the hostile class, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--class", dest="large", type=int, metavar="N", help="mark a class of N too, for the memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        copied = nbformat.read(release.release(NAME, folder / "released")[0], 4)
        hand_in(folder / "in", copied, 60)
        seconds, memory = grade(folder / "in", folder / "course", "--seed", "5")

        theirs = folder / "nbgrader"
        course.generate(course.nbgrader(theirs), NAME)
        hand_in(theirs / "submitted", copied, 60)
        os.environ["LSTMBOOK_COURSE_SEED"] = "5"
        serial, _ = timed([Path(sys.executable).with_name("nbgrader"), "autograde", NAME], theirs)
        if gradebook(theirs) != gradebook(folder / "course"):
            sys.exit("the two do not give the same marks")

        print(f"60 submissions of {NAME}, {os.cpu_count()} processors, the same marks in both ways")
        print(f"  nbgrader autograde, serially, no sandbox  {serial / 60:6.2f} seconds a submission")
        print(f"  coursework.grade, sandbox, cross-check    {seconds / 60:6.2f} seconds a submission")
        print(f"  times the throughput                      {serial / seconds:6.1f}")
        print(f"  memory of the coordinator, at 60          {memory:6.0f} MB")
        if options.large:
            hand_in(folder / "many", copied, options.large)
            seconds, memory = grade(folder / "many", folder / "large")
            print(
                f"  memory of the coordinator, at {options.large:<12}{memory:6.0f} MB, {seconds / options.large:.2f} seconds a submission"
            )
        hostile.the_class(copied, folder / "hostile", [str(folder / "course")], 9)
        grade(folder / "hostile", folder / "harmed", *hostile.LIMITS)
        hostiles, honest, changed, silent = harm(folder / "harmed")
        print(f"the hostile class: {hostiles} that mean harm or are broken, beside {honest} others")
        print(f"  the batch came to its end; others whose marks changed {changed}, marks lost or forged without a word {silent}")


if __name__ == "__main__":
    main()
