"""The real data in the book: what it is, where it comes from, and its licence.

**The 28 states and their languages** (:data:`lstmbook.tasks.STATES`). The book needs one answer for each state, so it takes one official
language of that state. This is a simplification: many states have several official languages, every state speaks many more, and in some
the official language is not the one most people speak at home. The language taken is the sole one or the first one named in the state's
own official language act, or, where that leaves a choice, by the Commissioner for Linguistic Minorities in India (52nd report, 2016);
Sikkim's act of 1977 names Nepali first, Meghalaya's of 2005 English, and Mizoram has Mizo, English and Hindi side by side. Names and
languages can change by law: a bill to rename Kerala "Keralam" was before Parliament in 2026.
The table is a list of facts and carries no licence of its own.

**The filler clauses** of the sentences are the book's own (CC BY 4.0, like all its text).
"""
