"""A sound protocol, and what becomes of it when a line is changed."""

from clinval.endpoints import KINDS
from clinval.protocol.reading import read_protocol

SOUND = """\
clinval: 1
study:
  id: KNEE-1
  title: {en: Accelerated knee MRI, zh: 加速膝关节磁共振}
  version: "1.0"
  date: 2026-03-02
  sponsor: Example Imaging Ltd.
  synthetic: false
product:
  name: FastKnee
  version: 2.1.0
  manufacturer: Example Imaging Ltd.
  kind: software
  description: Reconstruction of undersampled data.
  intended_use: Knee MRI for diagnostic reading.
regions: [fda, nmpa]
design:
  type: crossed_readers
  description: Paired; every reader reads every acquisition.
  washout_days: 28
subjects:
  pattern: "{site}-{number:03d}"
arms:
  - {id: TEST, role: test, label: Accelerated}
  - {id: REF, role: reference, label: Conventional}
sites:
  - id: S01
    name: North Hospital
    country: NO
    language: en
    currency: NOK
    time_zone: Europe/Oslo
    planned_subjects: 60
  - id: S02
    name: {en: East Hospital, zh: 东方医院}
    country: CN
    language: zh
    currency: CNY
    time_zone: Asia/Shanghai
    planned_subjects: 60
readers:
  - {id: R1, label: Reader 1, experience_years: 12}
  - {id: R2, label: Reader 2}
truth_panel: [T1, T2]
codelists:
  compartment:
    medial: {en: Medial, zh: 内侧}
    lateral: {en: Lateral, zh: 外侧}
forms:
  - F04
  - use: F05
    drop: [ctdivol_mgy, dlp_mgy_cm]
    add:
      - {id: coil_position_mm, type: number, label: Position of the coil, range: [-400, 400]}
      - {id: lesion_side, type: choice, label: Side of the lesion, codes: compartment}
      - {id: start_time, type: datetime, label: Start of the scan}
    change:
      scan_time_s: {expected: [60, 1800]}
    checks:
      - id: F05-C11
        severity: major
        fires_when: scan_time_s > 3600
        message: Longer than an hour. Check the unit.
        example: {fires: {scan_time_s: 4000}, silent: {scan_time_s: 600}}
    drop_checks: [F05-C03]
  - use: F07
    drop: [call]
  - F09
analysis_sets:
  FAS:
    label: Full analysis set
    definition: All enrolled subjects.
    exclude:
      - {when: enrolled == "no", reason: not enrolled}
      - {when: 'not any(F05, arm == "TEST")', reason: no accelerated acquisition}
  PPS:
    label: Per-protocol set
    definition: FAS without major deviations.
    within: FAS
    exclude:
      - {when: 'any(F09, severity == "major")', reason: major deviation}
endpoints:
  - id: P1
    kind: proportion_comparison
    role: primary
    label: Images of diagnostic quality
    set: FAS
    also_sets: [PPS]
    form: F07
    measure: image_quality >= 3
    combine: majority
    method: tango
    centers: stratified
    direction: higher_is_better
    comparison: non_inferiority
    margin: {value: 0.05, source: a guidance, justification: Small enough.}
  - id: P2
    kind: mean_comparison
    role: primary
    label: Scan time
    set: FAS
    form: F05
    measure: scan_time_s
    estimate: ratio
    method: geometric_random_site
    centers: random
    direction: lower_is_better
    comparison: superiority
    margin: {value: 0.5, source: the claim, justification: What the claim says.}
  - id: A1
    kind: reader_agreement
    role: secondary
    label: Agreement of readers
    set: FAS
    form: F07
    measure: image_quality
    coefficient: kappa
    method: cohen
  - id: T1
    kind: throughput
    role: secondary
    label: Examinations a day
    set: FAS
    room_minutes: room_time_min
  - id: V1
    kind: return_on_investment
    role: secondary
    label: Return on investment
    set: FAS
    throughput: T1
multiplicity:
  procedure: fixed_sequence
  order: [P1, P2]
  justification: Speed is of use only if the images can be read.
sample_size:
  - endpoint: P1
    subjects: 100
    alpha: 0.025
    power: 0.9
    dropout: 0.1
    assumptions: 95 % in either arm.
    source: our statistician
  - {endpoint: P2, subjects: 40, alpha: 0.025, power: 0.9, assumptions: A ratio of 0.4., source: us}
economics:
  perspective: Hospital
  price_year: 2026
  horizon_years: 5
  discount_rate: {value: 0.05, source: finance department, date: 2026-01-15}
  reporting_currency: NOK
  exchange_rates:
    CNY: {value: 1.4, source: central bank, date: 2026-01-15}
  sites:
    S01: &hospital
      open_minutes_per_day: {value: 720, source: calendar}
      operating_days_per_year: {value: 250, source: calendar}
      demand_per_day: {value: 30, source: waiting list}
      changeover_minutes: {value: 5, source: time study}
      contribution_per_exam: {value: 95, source: controlling}
      purchase: {value: 120000, source: offer}
      integration_and_training: {value: 20000, source: offer}
      licence_and_service_per_year: {value: 30000, source: offer}
    S02: *hospital
reports:
  - {audience: fda, languages: [en, zh]}
  - {audience: hospital}
"""

HERE = "«"  # marks in a changed text where the problem is to be named


def change(*changes):
    """Return the sound text with each old part replaced by a new one."""
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text


def marked(text):
    """Return a text without its marks, and the marked places."""
    places = []
    for line_number, line in enumerate(text.split("\n"), start=1):
        parts = line.split(HERE)
        at = 1
        for part in parts[:-1]:
            at += len(part)
            places.append((line_number, at))
    return text.replace(HERE, ""), places


def reading(text, folder):
    """Read a text as the protocol of a folder."""
    path = folder / "protocol.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_protocol(path, KINDS)


def named(text, folder):
    """Return place and kind of every problem of a text."""
    problems = reading(text, folder).problems
    return [(problem.place.line, problem.place.column, problem.kind) for problem in problems]
