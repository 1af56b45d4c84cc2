"""Small made-up sets, so that no test of a failure needs the shared folder."""

import datetime as dt
import hashlib

from pondasi.sources.registry import SourceFile, SourceSet

TOY = {"one.csv": b"a,b\n1,2\n", "two.csv": b"c\n" + b"3\n" * 4000, "three.csv": b"d\n4\n"}


def make_set(files, name="toy", base="http://127.0.0.1:9"):
    return SourceSet(
        name=name,
        title=dict.fromkeys(("en", "id", "ja"), "Made-up set: for tests"),
        terms=dict.fromkeys(("en", "id", "ja"), "Do with it what you like."),
        publisher="Nobody",
        home="https://example.org/set",
        licence="cc-by-nc-4.0",
        licence_url="https://example.org/licence",
        commit="0123456789abcdef",
        date=dt.date(2026, 1, 2),
        base=base,
        files=tuple(SourceFile(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()),
    )


def write_files(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


INPUTS = """input_id,input_name,type,stage_name,stage_id,description,year,market_share_chart_global_market_size_info,market_share_chart_caption,market_share_chart_source
N1,Drawing,process,Design,S1,,2024,$9 billion (2024),,[WSTS](https://example.org/w).
N2,Etching,process,Fabrication,S2,,,,,
N3,Boxing & testing,process,Boxes,S3,,,,,
N4,Etchers,tool_resource,,,,2025,$30 million (2025),,Somebody (2025).
N5,Dry etchers (new),tool_resource,,,,2025,$12.5 million (2025),,Somebody (2025).
N6,Wet etchers,tool_resource,,,,2025,$17 million (all etchers) (2024),,Somebody (2025).
N7,Resin,material_resource,,,,2019,$1 billion,,
N8,Sketches,design_resource,,,,2019,unknown,,
N9,Boxed chip,ultimate_output,,,,,,,
N84,Software,tool_resource,,,,2020,"$1,200.5 million",,
"""
SEQUENCE = """input_name,input_id,goes_into_name,goes_into_id,is_type_of_name,is_type_of_id
Sketches,N8,Drawing,N1,,
Software,N84,Drawing,N1,,
Drawing,N1,Etching,N2,,
Etchers,N4,Etching,N2,,
Dry etchers,N5,,,Etchers,N4
Wet etchers,N6,,,Etchers,N4
Resin,N7,Etching,N2,,
Etching,N2,Boxing,N3,,
Boxing,N3,Boxed chip,N9,,
"""
PROVIDERS = """provider_name,alias,provider_id,provider_type,country
USA,United States,P1,country,
JPN,Japan,P2,country,
NLD,Netherlands,P3,country,
Various countries,,P4,country,
EUR,Europe,P5,country,EUR
KOR,South Korea,P9,country,
DEU,Germany,P10,country,
TWN,Taiwan,P11,country,
Acme,Acme Tools,P6,organization,JPN
Acme,Acme KK,P6,organization,JPN
Bolt,,P7,organization,JPN
Various companies,,P8,organization,Various countries
"""
PROVISION = """provider_name,provider_id,provided_name,provided_id,share_provided,year,source
USA,P1,Drawing,N1,60,2024,Somebody (2025).
EUR,P5,Drawing,N1,30,2024,Somebody (2025).
Various countries,P4,Drawing,N1,10,2024,Somebody (2025).
JPN,P2,Dry etchers,N5,75.1,2025,Somebody (2025).
USA,P1,Dry etchers,N5,24.9,2025,Somebody (2025).
Various countries,P4,Dry etchers,N5,0.0,2025,Somebody (2025).
Acme,P6,Dry etchers,N5,70.0,2025,Somebody (2025).
Bolt,P7,Dry etchers,N5,5.2,2025,Somebody (2025).
Various companies,P8,Dry etchers,N5,1.0,2025,Somebody (2025).
JPN,P2,Resin,N7,17,2019,
USA,P1,Resin,N7,17,2019,
NLD,P3,Resin,N7,18,2019,
KOR,P9,Resin,N7,17,2019,
DEU,P10,Resin,N7,17,2019,
TWN,P11,Resin,N7,17.0,2019,
JPN,P2,Sketches,N8,,2019,
USA,P1,Sketches,N8,,2019,
Various countries,P4,Wet etchers,N6,100.0,2025,Somebody (2025).
Acme,P6,Wet etchers,N6,,2025,Somebody (2025).
USA,P1,Fabrication,S2,12.0,2022,
"""
STAGES = "stage_id,stage_name\nS1,Design\nS2,Fabrication\nS3,Boxes\n"

SMALL = {
    "inputs.csv": INPUTS.encode(),
    "sequence.csv": SEQUENCE.encode(),
    "providers.csv": PROVIDERS.encode(),
    "provision.csv": PROVISION.encode(),
    "stages.csv": STAGES.encode(),
}
"""In the columns of the ETO set, with one of each of its oddities."""
