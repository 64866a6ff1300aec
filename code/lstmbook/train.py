"""Learning from examples: the losses, the step downhill, and the loop with its progress bar."""

import os
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from lstmbook import checks


def cross_entropy(scores, answers):
    """How surprised the model is by the right answers, in nats, averaged over the batch; and its gradient::

        p = softmax(scores)        loss = -mean(log p[answer])

    Large scores do not overflow: the largest of a row is subtracted first.

    Args:
        scores: ``(B, K)``.
        answers: whole numbers below K, ``(B,)``.

    Returns:
        loss: a number; ``log(K)`` when every answer is thought equally likely.
        dscores: ``(B, K)``, the gradient of the loss by the scores.

    >>> loss, dscores = cross_entropy(np.zeros((2, 4)), np.array([0, 3]))
    >>> bool(np.isclose(loss, np.log(4)))
    True
    """
    scores, answers = checks.matrix("scores", scores), np.asarray(answers)
    if answers.shape != (len(scores),):
        raise ValueError(f"scores are (B, K) and answers (B,), not {np.shape(scores)} and {np.shape(answers)}")
    if not np.issubdtype(answers.dtype, np.integer) or not 0 <= answers.min() <= answers.max() < scores.shape[1]:
        raise ValueError(f"answers are whole numbers from 0 to {scores.shape[1] - 1}, one for each of the {scores.shape[1]} classes")
    rows = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[rows, answers] -= 1
    return -log_p[rows, answers].mean(), dscores / len(scores)


def squared_error(outputs, targets):
    """The squared distance from the targets, averaged over everything; and its gradient::

        loss = mean((outputs - targets)^2)

    Args:
        outputs: ``(B, K)``.
        targets: numbers, ``(B, K)``.

    Returns:
        loss: a number, in the square of the targets' unit.
        doutputs: ``(B, K)``, the gradient of the loss by the outputs.

    Raises:
        ValueError: when the shapes differ, so that nothing is broadcast by accident.

    >>> loss, doutputs = squared_error(np.array([[3.0]]), np.array([[1.0]]))
    >>> float(loss), float(doutputs[0, 0])
    (4.0, 4.0)
    """
    error = _missed(outputs, targets)
    return (error**2).mean(), 2 * error / error.size


def accuracy(scores, answers):
    """The share of sentences, 0 to 1, whose highest score is the right answer."""
    scores, answers = checks.matrix("scores", scores), np.asarray(answers)
    if answers.shape != (len(scores),):
        raise ValueError(f"answers are (B,) = ({len(scores)},), one for each row of scores, not {np.shape(answers)}")
    return float((scores.argmax(axis=1) == answers).mean())


def close(outputs, targets, within=0.04):
    """The share of sequences, 0 to 1, whose every output misses its target by less than ``within``.

    Source: Hochreiter and Schmidhuber (1997) call a sequence of the adding problem right when the error is below 0.04.
    """
    return float((np.abs(_missed(outputs, targets)) < within).all(axis=1).mean())


def _missed(outputs, targets):
    if np.shape(outputs) != np.shape(targets):
        raise ValueError(f"outputs and targets are both (B, K), not {np.shape(outputs)} and {np.shape(targets)}")
    outputs = checks.matrix("outputs", outputs)
    return outputs - np.asarray(targets, outputs.dtype)


def clip_gradients(gradients, limit):
    """Scale all gradients down together, in place, so that their joint length is at most ``limit``; returns the length they had.

    An array that is given twice (tied weights) counts and is scaled once. ``limit=None`` only measures.

    Raises:
        FloatingPointError: when a gradient is not a finite number.

    Source: Pascanu, Mikolov and Bengio (2013).

    >>> gradient = np.array([3.0, 4.0])
    >>> float(clip_gradients([gradient], limit=1.0)), [round(float(g), 3) for g in gradient]
    (5.0, [0.6, 0.8])
    """
    _above_0("limit", limit)
    gradients = list({id(gradient): gradient for gradient in gradients}.values())
    largest = float(np.max([np.abs(gradient).max() for gradient in gradients])) or 1.0
    if not np.isfinite(largest):
        raise FloatingPointError("a gradient is not a finite number")
    norm = largest * float(np.sqrt(sum(((gradient / largest) ** 2).sum() for gradient in gradients)))  # so no square overflows
    if limit is not None and norm > limit:
        for gradient in gradients:
            gradient *= limit / norm
    return norm


class Adam:
    """The step downhill that nearly everyone takes: a running mean of the gradient over the root of its running square::

        m = b1 m + (1 - b1) dw       v = b2 v + (1 - b2) dw^2
        w = w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    Args:
        rate: the learning rate.
        b1, b2, eps: as in the source: Kingma and Ba (2015).
    """

    def __init__(self, rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        self.rate, self.b1, self.b2, self.eps = rate, b1, b2, eps
        self.steps, self.memory = 0, []

    def step(self, pairs):
        """Change every parameter in place. ``pairs``: ``(parameter, gradient)``, in the same order every time."""
        pairs = list(pairs)
        self.memory = self.memory or [(np.zeros_like(w), np.zeros_like(w)) for w, _ in pairs]
        for w, dw in pairs:
            if w.shape != dw.shape:
                raise ValueError(f"a parameter of shape {w.shape} has a gradient of shape {dw.shape}")
        self.steps += 1
        for (w, dw), (m, v) in zip(pairs, self.memory, strict=True):
            m += (1 - self.b1) * (dw - m)
            v += (1 - self.b2) * (dw * dw - v)
            m_hat, v_hat = m / (1 - self.b1**self.steps), v / (1 - self.b2**self.steps)
            w -= self.rate * m_hat / (np.sqrt(v_hat) + self.eps)


@dataclass
class History:
    """What a training run recorded, one number a step.

    Attributes:
        loss: in nats, or in the square of the targets' unit.
        accuracy: from 0 to 1.
        norm: the length of the whole gradient before it was clipped.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    norm: list[float] = field(default_factory=list)


def _above_0(name, number):
    if number is not None and not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name} is {number}, but it must be a finite number above 0")


class Diverged(FloatingPointError):
    """Training met a number that is not finite. What was recorded until then is in ``history``."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


def fit(model, task, steps, rng, size=64, rate=3e-3, limit=1.0, target=None, loss=cross_entropy, score=accuracy):
    """Train ``model`` on fresh batches of ``task`` with Adam, with a progress bar.

    Interrupting it (the stop button of a notebook) returns what it has recorded so far; the model keeps what it has learnt.

    Args:
        model: with ``forward(inputs)``, ``backward(dscores)`` and ``pairs()``, as :class:`lstmbook.layers.Reader`.
        task: with ``batch(rng, size)``, as :class:`lstmbook.tasks.Recall`.
        steps: how many batches at most.
        rng: a ``numpy.random.Generator`` for the batches.
        size: sentences in a batch.
        rate: Adam's learning rate.
        limit: the longest gradient, see :func:`clip_gradients`; None for no limit.
        target: stop once the mean score of the last 20 batches reaches this, if given.
        loss: :func:`cross_entropy` for classes, :func:`squared_error` for numbers.
        score: what ``target`` and ``History.accuracy`` count, from 0 to 1: :func:`accuracy` for classes, :func:`close` for numbers.

    Returns:
        A :class:`History`.

    Raises:
        Diverged: when the loss or a gradient is no longer a finite number.
    """
    checks.generator(rng)
    _above_0("rate", rate)
    _above_0("limit", limit)
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise ValueError(f"steps is {steps!r}, but it must be a whole number of at least 0")
    history, optimiser = History(), Adam(rate)
    try:
        # In a notebook tqdm does not read this variable by itself; stored outputs are made with it.
        quiet = bool(os.environ.get("TQDM_DISABLE"))
        with tqdm(range(steps), leave=False, unit="batch", disable=quiet) as bar, np.errstate(over="ignore", invalid="ignore"):
            for step in bar:
                inputs, answers = task.batch(rng, size)
                if not (np.isfinite(inputs).all() and np.isfinite(answers).all()):
                    raise ValueError(f"batch {step} of the task holds a value that is not a finite number")
                try:
                    scores = model.forward(inputs)
                    value, dscores = loss(scores, answers)
                    if not np.isfinite(value):
                        raise FloatingPointError("the loss is not a number")
                    model.backward(dscores)
                    norm = clip_gradients([gradient for _, gradient in model.pairs()], limit)
                except FloatingPointError as error:
                    raise Diverged(f"training stopped after {step} steps: {error}; try a smaller rate or limit", history) from None
                optimiser.step(model.pairs())
                history.loss.append(float(value))
                history.accuracy.append(score(scores, answers))
                history.norm.append(float(norm))
                recent = history.accuracy[-20:]
                bar.set_postfix_str(f"loss {value:.2f}, score {np.mean(recent):.0%}", refresh=False)
                if target is not None and len(recent) == 20 and np.mean(recent) >= target:
                    break
    except KeyboardInterrupt:
        whole = len(history.norm)
        del history.loss[whole:], history.accuracy[whole:]
    return history


def evaluate(model, task, rng, size=1000, score=accuracy):
    """The ``score``, 0 to 1, of ``model`` on ``size`` fresh sequences of ``task``, in batches of 50 that each draw a gap of their own."""
    if size < 1:
        raise ValueError(f"size is {size}, but at least one sequence is needed")
    right = 0.0
    for first in range(0, size, 50):
        inputs, answers = task.batch(rng, min(50, size - first))
        right += score(model.forward(inputs), answers) * len(answers)
    return right / size


def side_by_side(function, jobs, at_once=2):
    """``[function(*job) for job in jobs]``, with ``at_once`` jobs at a time in processes of their own and one progress bar.

    Training runs that differ in their seed, say, do not need one another. What ``function`` shows or changes outside its result is lost.

    Args:
        function: any function, also one that was defined in a notebook.
        jobs: a list of tuples, the arguments of each call.
        at_once: how many processes; 1 computes everything in this one.

    Returns:
        A list with the results, in the order of the jobs.

    Raises:
        ValueError: when ``at_once`` is not a whole number of at least 1. What a job raises is raised here.

    >>> side_by_side(pow, [(2, 3), (3, 2)], at_once=1)
    [8, 9]
    """
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise ValueError(f"at_once is {at_once!r}, but it must be a whole number of at least 1")
    jobs = [tuple(job) for job in jobs]
    quiet = bool(os.environ.get("TQDM_DISABLE"))
    results = Parallel(n_jobs=at_once, return_as="generator")(delayed(_quietly)(function, job) for job in jobs)
    return list(tqdm(results, total=len(jobs), leave=False, unit="run", disable=quiet))


def _quietly(function, job):
    """The bars of several processes would write over one another."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        return function(*job)
    finally:
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
