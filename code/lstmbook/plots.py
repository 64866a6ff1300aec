"""Parts of figures that more than one chapter draws. The look itself is a style sheet: ``plt.style.use("lstmbook.book")``."""

from matplotlib.ticker import PercentFormatter

from lstmbook.palette import COLOURS, PALETTE

__all__ = ["COLOURS", "accuracy_axis", "label"]


def accuracy_axis(ax, chance, at=(0.02, 0.08)):
    """Make the y axis of ``ax`` an accuracy from 0 to 100 %, with a dashed line at ``chance``.

    Args:
        ax: a matplotlib axes.
        chance: the accuracy of the best constant answer, 0 to 1.
        at: where the words that explain the line stand: a share of the x axis, and an accuracy.
    """
    ax.set(ylim=(-0.02, 1.06), ylabel="right answers", yticks=[0, 0.25, 0.5, 0.75, 1])
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.axhline(chance, color=COLOURS["rnn"], linewidth=1, linestyle="--", zorder=0)
    label(ax, *at, f"– –  one answer for all: {chance:.0%}", transform=ax.get_yaxis_transform(), fontsize=8.5)


def label(ax, x, y, text, colour="rnn", **kwargs):
    """Write ``text`` at the point ``x, y`` of the data, in a readable shade of the palette's ``colour``."""
    ax.text(x, y, text, color=PALETTE[colour]["on_light"], **{"va": "center", "fontsize": 9, **kwargs})
