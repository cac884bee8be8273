# SPDX-License-Identifier: MIT
"""Keeps phrases out of comments, texts and documents that a native speaker would not write, or that
have to be read twice. Prints FILE:LINE, the phrase, and what to write instead.

Names in code are not judged, nor quoted in a text as `name`, name() or name.hpp. If a phrase is
right in one place after all, that place goes into ALLOWED."""

import io
import pathlib
import re
import sys
import tokenize

# What is refused, an example, what to write instead.
RULES = [
    (r"tell|tells|told|telling", "the log tells the lag",
     "report, log, return, announce; distinguish for 'tell apart'"),
    (r"lateness|latenesses|punctual\w*", "a lateness of 2 ms", "lag, delay, stall; on time"),
    (r"(?<![Tt]here )(?:is|are|was|were) no (?!longer\b|more\b|less\b|matter\b|later\b|earlier\b"
     r"|greater\b|shorter\b|worse\b|better\b|slower\b|faster\b)[A-Za-z]\w*", "a pause is no stall",
     "is not a ..., is not a valid ...; there is no ..."),
    (r"anew", "begins anew", "again"),
    (r"did ever|that \w+ ever|, ever|[Ee]ver \w+ed", "jobs ever finished",
     "in total, so far, at any time; or leave it out"),
    (r"(?:the|an) own", "the own process", "its own, this process's"),
    (r"(?:a|an|one|two|three|four|ten|\d+|once|twice|times|bytes|bits|lines?|alerts?|reads?|calls?"
     r"|clocks?|slot|entry|node|ring) an? "
     r"(?:handler|frame|thread|line|turn|round|loop|octave|task|error|record|file"
     r"|event|probe|call|test|scenario|monitor|descriptor|sample|page)", "three times a handler",
     "per, for each"),
    (r"(?:[Ww]hat|[Ww]ho) (?:looks|decides|measures|judges|watches|reports|formats|comes|writes|reads"
     r"|serves|asks|sends|takes|calls|drops|changes|sleeps|computes|is built|needs memory|remains)",
     "what looks at the loop", "name it: the watcher, the caller, a handler that ..."),
    (r"by the hand of|for itself|in vain|(?:is|still|be) at it", "it waits in vain",
     "name who does it; separately; without success"),
    (r"[Mm]end|[Mm]ends|[Mm]ended|well again|[Hh]ealed|dear to \w+", "the loop is well again",
     "fix; recovered; expensive"),
    (r"again and again|of late|as good as|(?<!are )all the same", "late again and again",
     "repeatedly; nearly; anyway"),
    (r"hears?|spoke|speaks?", "the manager hears READY=1", "receives, gets, sends"),
]

# (FILE, words around the phrase).
ALLOWED: set[tuple[str, str]] = set()

TREES = ("README.md", "CMakeLists.txt", "lib", "daemon", "packaging", "systemd", "tests")
# A space of a rule may be the end of a line and the start of the next one of the same comment; but
# not in a look-behind, which has a fixed width.
GAP = r"(?: |\n[ \t]*(?:///?<?|#)?[ \t]*)"
PATTERN = re.compile(re.sub(r" (?!\))", lambda _: GAP, "|".join(
    rf"(?P<r{n}>(?<!\w)(?:{rule[0]})\b)" for n, rule in enumerate(RULES))))

# A name of code within a text: `name`, name(), name_, name.hpp, --name.
CODE = re.compile(r"`[^`\n]+`|\b\w+(?:\(\)|_|<\w*>|\.[ch]pp\b|\.py\b)|--\w+")

CPP = re.compile(
    r'//[^\n]*(?:\n[ \t]*//[^\n]*)*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', re.DOTALL)


def written_in_cpp(text):
    """(offset, text) of comments and string literals, but for names of files to include."""
    for part in CPP.finditer(text):
        line_begin = text.rfind("\n", 0, part.start()) + 1
        if not text[line_begin:part.start()].lstrip().startswith("#include"):
            yield part.start(), part.group()


def written_in_python(text):
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield begins[token.start[0] - 1] + token.start[1], token.string


def written_in(path, text):
    if path.suffix in (".cpp", ".hpp", ".h", ".c", ".js"):
        return written_in_cpp(text)
    if path.suffix == ".py":
        return written_in_python(text)
    return [(0, text)]


def hits_in(text):
    names = [name.span() for name in CODE.finditer(text)]
    for hit in PATTERN.finditer(text):
        if not any(begin <= hit.start() < end for begin, end in names):
            yield hit


def check_rules():
    """Each rule finds its example, and what is right next to it passes."""
    for number, (_, example, _) in enumerate(RULES):
        found = [hit.lastgroup for hit in hits_in(example)]
        assert found == [f"r{number}"], f"rule {number} finds {found} in '{example}'"
    assert list(hits_in("// a pause is\n    /// no stall"))
    for right in ("there is no handler", "is no longer late", "ten times a second", "`told` counts",
                  "tell() is called", "in lateness.hpp", "intelligible"):
        assert not list(hits_in(right)), right
    found = list(written_in_cpp('#include "told.hpp"\nint told = f("a"); // b\n'))
    assert [text for _, text in found] == ['"a"', "// b"], found
    assert found[1][0] == 39, found


def main():
    check_rules()
    paths = [path for tree in TREES for path in (pathlib.Path(tree), *pathlib.Path(tree).rglob("*"))
             if path.is_file() and path.suffix != ".pyc" and path.name != "words.py"]
    wrong = 0
    for path in sorted(paths):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # data of a test
        for offset, part in written_in(path, text):
            for hit in hits_in(part):
                if any(str(path) == file and around in part for file, around in ALLOWED):
                    continue
                phrase = " ".join(hit.group().split())
                line = text.count("\n", 0, offset + hit.start()) + 1
                print(f"{path}:{line}: '{phrase}': write {RULES[int(hit.lastgroup[1:])][2]}")
                wrong += 1
    print(f"{len(paths)} files, {wrong} phrases to rewrite")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
