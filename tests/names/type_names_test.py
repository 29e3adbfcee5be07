"""One name, one type: no two files define a type of the same full name.

  type_names_test.py SOURCE

Two would be one to the linker, which keeps the functions of either, and says nothing; a vector of the
smaller one then grows in steps of the larger. Types in unnamed namespaces and inside functions are their
file's own.
"""

import collections
import pathlib
import re
import sys

# What a brace may belong to: the text before it, since the last brace or semicolon. Literals are blanks.
LINKAGE = re.compile(r"\bextern\s*$")
NAMESPACE = re.compile(r"\bnamespace\s*([\w:]*)\s*$")
TYPE = re.compile(r"\b(?:struct|class|union|enum(?:\s+(?:class|struct))?)\s+(?:alignas\([^)]*\)\s*)?(?:\[\[\w+\]\]\s*)?"
                  r"([A-Za-z_][\w:]*(?:<[^<>]*>)?)\s*(?:final\s*)?(?::[^:].*)?$", re.DOTALL)
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)
# Of what lies inside, nothing has a name that the linker knows: a function, an initializer.
OWN = None


def types_of(text):
    """Full names of the types that a source defines for everybody."""
    code = NOT_CODE.sub(" ", text)
    scopes = []
    begin = 0
    for brace in re.finditer(r"[{};]", code):
        before = code[begin : brace.start()]
        begin = brace.end()
        if brace.group() == "}" and scopes:
            scopes.pop()
        if brace.group() != "{":
            continue
        if LINKAGE.search(before):
            scopes.append("")
        elif namespace := NAMESPACE.search(before):
            scopes.append(namespace.group(1) or OWN)
        elif kind := TYPE.search(before):
            scopes.append(kind.group(1))
            if OWN not in scopes:
                yield "::".join(filter(None, scopes))
        else:
            scopes.append(OWN)
    if scopes:
        raise ValueError(f"{len(scopes)} braces stay open")


def defined_twice(sources):
    """[(name, paths)] of {path: text}."""
    places = collections.defaultdict(set)
    for path, text in sources.items():
        try:
            for name in types_of(text):
                places[name].add(path)
        except ValueError as error:
            sys.exit(f"{path} cannot be read: {error}")
    return len(places), sorted((name, sorted(paths)) for name, paths in places.items() if len(paths) > 1)


def check_itself():
    shared = "namespace a {\nstruct One {\n int x[2] = {1, 2};\n struct In {};\n};\n}"
    own = 'namespace a {\nnamespace {\nstruct One {};\n}\nvoid F() {\n  struct Two {};\n}\n// struct Three {\n}'
    assert list(types_of(shared)) == ["a::One", "a::One::In"], list(types_of(shared))
    assert list(types_of(own)) == [], list(types_of(own))
    assert list(types_of("enum class Kind : int { kA };\nclass C final : public B<int> {\n};")) == ["Kind", "C"]
    assert list(types_of('extern "C" {\nstruct S {\n};\n}')) == ["S"]
    assert defined_twice({"x.h": shared, "y.h": shared})[1] == [
        ("a::One", ["x.h", "y.h"]),
        ("a::One::In", ["x.h", "y.h"]),
    ]
    assert defined_twice({"x.h": shared, "y.h": own})[1] == []


def main():
    check_itself()
    root = pathlib.Path(sys.argv[1])
    sources = {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.suffix in (".h", ".cc") and not path.relative_to(root).parts[0].startswith(("build", "."))
    }
    count, twice = defined_twice(sources)
    for name, paths in twice:
        print(f"{name} is defined in {' and in '.join(paths)}", file=sys.stderr)
    print(f"{count} types in {len(sources)} files, {len(twice)} names taken twice")
    return 1 if twice or count < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
