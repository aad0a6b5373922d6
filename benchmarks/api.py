"""W1, W2, W3, W5 and *deny* over HTTP: the product, its floor and the conventional way, block by block in one run."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from urllib.parse import urlencode

import pikepdf

from benchmarks.measure import Request, Side, interleaved
from benchmarks.plan import Organization
from benchmarks.setting import Maker, Results, World, statement_log

NOTE = {"body": "Called the clinic; the treatment plan of the last visit comes by fax on Thursday."}
MEGABYTE = 1024 * 1024
STAMP = b"0123456789abcdef"


def letter() -> bytes:
    """A sound PDF of about a megabyte with a place for a stamp, so that no two uploads are the same bytes."""
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page()
    filler = bytes((i * 7919 + (i >> 8) * 104729) & 0xFF for i in range(MEGABYTE - 1_200))
    pdf.Root.Filler = pdf.make_stream(STAMP + filler)
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    return out.getvalue()


def headers(world: World, organization: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.known[organization]['token']}"} | more


def queue(world: World, organization: str) -> Maker:
    asked = Request("GET", "/api/v1/cases", headers(world, organization))
    return lambda _turn: asked


def filtered(world: World, organization: str, words: str) -> Maker:
    asked = Request("GET", f"/api/v1/cases?{words}", headers(world, organization))
    return lambda _turn: asked


def detail(world: World, organization: str) -> Maker:
    cases, given = world.known[organization]["cases"], headers(world, organization)
    return lambda turn: Request("GET", f"/api/v1/cases/{cases[turn % len(cases)]['id']}", given)


def note(world: World, organization: str) -> Maker:
    cases, body = world.known[organization]["cases"], json.dumps(NOTE).encode()
    given = headers(world, organization, **{"Content-Type": "application/json"})
    return lambda turn: Request(
        "POST", f"/api/v1/cases/{cases[turn % len(cases)]['id']}/notes", given, body, 201
    )


def upload(world: World, organization: str, name: str, whole: bytes) -> Maker:
    cases = world.known[organization]["cases"]
    kind = {"Content-Type": "application/octet-stream", "Document-Kind": "clinical_note"}
    given = headers(world, organization, **kind, **{"Content-Disposition": 'attachment; filename="a.pdf"'})

    def make(turn: int) -> Request:
        body = whole.replace(STAMP, f"{name[:8]:<8}{turn:08d}".encode())
        return Request("POST", f"/api/v1/cases/{cases[turn % len(cases)]['id']}/documents", given, body, 201)

    return make


def download(world: World, organization: str) -> Maker:
    documents, given = world.known[organization]["documents"], headers(world, organization)
    return lambda turn: Request("GET", f"/api/v1/documents/{documents[turn % len(documents)]}/content", given)


def foreign(world: World, organization: str) -> Maker:
    """A case of another organization: the answer is 404, and the trail of this one keeps nothing of it."""
    theirs = world.known["second"]["cases"]
    given = headers(world, organization)
    return lambda turn: Request("GET", f"/api/v1/cases/{theirs[turn % len(theirs)]['id']}", given, None, 404)


def conventional(world: World, organization: str, path: Callable[[int], str], method: str = "GET") -> Maker:
    member = Organization(world.known[organization]["organization"], 0, 0).member(6)
    given = {"Authorization": f"Token {member:040x}", "Content-Type": "application/json"}
    body = json.dumps(NOTE).encode() if method == "POST" else None
    return lambda turn: Request(method, path(turn), given, body, 201 if method == "POST" else 200)


def ratio(
    results: Results,
    name: str,
    taken: dict[str, dict[str, float]],
    of: str,
    to: str,
    gate: float,
    what: str = "",
) -> None:
    results.gate(name, what or f"CPU, {of} to {to}", taken[of]["cpu"] / taken[to]["cpu"], gate)


class Run:
    """The workloads over HTTP, in one database beside the smaller one."""

    def __init__(self, big: World, base: World, results: Results, rounds: int, count: int) -> None:
        self.big, self.base, self.results, self.rounds, self.count = big, base, results, rounds, count

    def side(self, world: World, kind: str, label: str) -> Side:
        found = world.side(kind)
        found.name = label
        return found

    def both(
        self, name: str, make: Callable[[World, str], Maker], gate: float, growth: float | None = None
    ) -> dict[str, dict[str, float]]:
        """Product and floor at two organizations of the large table, and the product on the steady one of the small."""
        sides = [
            (self.side(self.big, "floor", "floor largest"), make(self.big, "largest")),
            (self.side(self.big, "product", "product largest"), make(self.big, "largest")),
            (self.side(self.big, "floor", "floor steady"), make(self.big, "steady")),
            (self.side(self.big, "product", "product steady"), make(self.big, "steady")),
            (self.side(self.base, "product", "product base"), make(self.base, "steady")),
        ]
        taken = interleaved(sides, rounds=self.rounds, count=self.count)
        self.results.raw[name] = taken
        for organization in ("steady", "largest"):
            of, to = taken[f"product {organization}"], taken[f"floor {organization}"]
            self.results.gate(
                name, f"CPU to the floor, {organization} organization", of["cpu"] / to["cpu"], gate
            )
            walls = f"{of['p50']:.1f} / {of['p95']:.1f} ms ({to['p50']:.1f} / {to['p95']:.1f})"
            self.results.tell(name, f"p50 / p95 (the floor's), {organization}", walls)
            cpu = f"{of['cpu']:.2f} ({to['cpu']:.2f}) ms"
            self.results.tell(name, f"CPU a request (the floor's), {organization}", cpu)
        if growth is not None:
            grown = taken["product steady"]["cpu"] / taken["product base"]["cpu"]
            self.results.gate(name, f"growth {self.base.cases:,} to {self.big.cases:,}", grown, growth)
        return taken

    def statements(self, name: str, make: Maker, most: int) -> None:
        with statement_log(self.big) as log:
            told = log.of(lambda: self.big.side("product").client.send(make(0)))
        self.results.raw[f"{name} statements"] = told.every
        self.results.gate(name, "statements besides BEGIN, SET, COMMIT", len(told.own), most, "", 0)

    def beside(
        self,
        name: str,
        taken: dict[str, dict[str, float]],
        paths: dict[str, Callable[[int], str]],
        method: str = "GET",
    ) -> None:
        """The conventional way, few requests: at a million cases one takes seconds."""
        if "conventional" not in self.big.sides:
            return
        sides = [
            (
                self.side(self.big, "conventional", organization),
                conventional(self.big, organization, path, method),
            )
            for organization, path in paths.items()
        ]
        found = interleaved(sides, rounds=1, count=4, warm=1)
        self.results.raw[f"{name} conventional"] = found
        for organization, told in found.items():
            times = told["cpu"] / taken[f"product {organization}"]["cpu"]
            what = f"the conventional way, {organization}: {told['cpu']:,.0f} ms CPU, times the product's"
            self.results.tell(name, what, f"{times:,.0f}×")

    def all(self) -> None:
        cases = {o: self.big.known[o]["cases"] for o in ("steady", "largest")}
        self.statements("W1 queue", queue(self.big, "largest"), 3)
        taken = self.both("W1 queue", queue, 2.0, 1.15)
        self.beside("W1 queue", taken, {o: lambda _t: "/cases/" for o in cases})
        self.filters("largest")
        self.statements("W2 detail", detail(self.big, "largest"), 4)
        taken = self.both("W2 detail", detail, 2.0, 1.15)
        one = {o: (lambda t, o=o: f"/cases/{cases[o][t % 50]['id']}/") for o in cases}
        self.beside("W2 detail", taken, one)
        self.statements("W3 note", note(self.big, "largest"), 3)
        taken = self.both("W3 note", note, 2.0, 1.15)
        write = {o: (lambda t, o=o: f"/cases/{cases[o][t % 50]['id']}/notes/") for o in cases}
        self.beside("W3 note", taken, write, "POST")
        whole = letter()
        self.pair("W5 upload", lambda name: upload(self.big, "largest", name, whole), 1.3)
        self.pair("W5 download", lambda _name: download(self.big, "largest"), 2.3)
        self.deny()

    def pair(self, name: str, make: Callable[[str], Maker], gate: float) -> None:
        sides = [(self.side(self.big, kind, kind), make(kind)) for kind in ("floor", "product")]
        taken = interleaved(sides, rounds=self.rounds, count=self.count)
        self.results.raw[name] = taken
        ratio(self.results, name, taken, "product", "floor", gate)
        of, to = taken["product"], taken["floor"]
        cpu = f"{of['cpu']:.2f} ({to['cpu']:.2f}) ms; {of['p50']:.1f} / {of['p95']:.1f} ms"
        self.results.tell(name, "CPU (the floor's); p50 / p95", cpu)

    def filters(self, organization: str) -> None:
        """Every filter of the list beside the floor's list without one, and page 1,000 beside page 1."""
        known = self.big.known[organization]
        sides = [(self.side(self.big, "floor", "floor"), queue(self.big, organization))]
        words = known["filters"] | {
            "page 1": "limit=50",
            "deep page": urlencode({"after": known["deep"]["after"]}),
        }
        sides += [
            (self.side(self.big, "product", name), filtered(self.big, organization, asked))
            for name, asked in words.items()
        ]
        taken = interleaved(sides, rounds=self.rounds, count=self.count, warm=7)
        self.results.raw["W1 filters"] = taken
        for name in known["filters"]:
            ratio(self.results, "W1 filters", taken, name, "floor", 2.5, f"CPU, {name}, to the floor without")
        what = f"CPU, page {known['deep']['page']:,} to page 1"
        ratio(self.results, "W1 filters", taken, "deep page", "page 1", 1.1, what)

    def deny(self) -> None:
        self.statements("Deny", foreign(self.big, "largest"), 2)
        sides = [
            (self.side(self.big, "floor", "floor"), queue(self.big, "largest")),
            (self.side(self.big, "product", "product"), foreign(self.big, "largest")),
        ]
        taken = interleaved(sides, rounds=self.rounds, count=self.count)
        self.results.raw["Deny"] = taken
        self.results.gate(
            "Deny", "CPU of a refusal to W1's floor", taken["product"]["cpu"] / taken["floor"]["cpu"], 1.0
        )
