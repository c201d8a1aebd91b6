"""Mask files in their formats, on one grid or not, sound or hostile."""

import contextlib
import gzip
import struct

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from clinval.app.overlap import COLUMNS, compare_masks
from clinval.capture.masks import mask as limits
from clinval.capture.masks.grid import on_one_grid
from clinval.capture.masks.mask import Mask
from clinval.capture.masks.reading import read_mask
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.problems import Place

SHAPE = (24, 20, 12)
AFFINE = np.array([[-0.8, 0, 0, 9], [0, -0.8, 0, 7], [0, 0, 2.5, -20], [0, 0, 0, 1.0]])
PLACE = Place(file="x")


def ball(center, radius=7.0, shape=SHAPE):
    steps = np.abs(np.diag(AFFINE))[:3]
    squares = [((i - c) * s) ** 2 for i, c, s in zip(np.indices(shape), center, steps, strict=True)]
    return sum(squares) <= radius**2


TEST, REFERENCE = ball((11, 9, 6)), ball((13, 10, 5))


def nifti(path, voxels, affine=AFFINE, kind=np.uint8, version=nib.Nifti1Image):
    nib.save(version(voxels.astype(kind), affine), path)
    return path


def kinds_of(function, *args, **keywords):
    with pytest.raises((SubmissionError, UsageError)) as error:
        function(*args, **keywords)
    return [problem.kind for problem in error.value.problems]


def rows(*args, **keywords):
    compared = compare_masks(*args, **keywords)
    return [dict(zip(COLUMNS, row, strict=True)) for row in compared.rows], compared.problems


# ---------------------------------------------------------------------- NIfTI


def test_overlap_and_distances_are_those_of_simpleitk(tmp_path):
    files = (nifti(tmp_path / "t.nii.gz", TEST), nifti(tmp_path / "r.nii", REFERENCE))
    (row,), problems = rows(*files, tolerance=1.0)
    assert problems == ()
    test, reference = (
        SimpleITK.Cast(SimpleITK.ReadImage(str(path)), SimpleITK.sitkUInt8) for path in files
    )
    shares = SimpleITK.LabelOverlapMeasuresImageFilter()
    shares.Execute(reference, test)
    assert row["dice"] == pytest.approx(shares.GetDiceCoefficient(), abs=1e-12)
    assert row["jaccard"] == pytest.approx(shares.GetJaccardCoefficient(), abs=1e-12)
    assert row["volume_test"] == pytest.approx(TEST.sum() * 0.8 * 0.8 * 2.5)
    surfaces = [SimpleITK.LabelContour(one, fullyConnected=False) for one in (test, reference)]
    to_surface = [
        SimpleITK.Abs(
            SimpleITK.SignedMaurerDistanceMap(s, squaredDistance=False, useImageSpacing=True)
        )
        for s in surfaces
    ]
    found = []
    for one, other in ((0, 1), (1, 0)):
        points = SimpleITK.GetArrayFromImage(surfaces[one]) > 0
        found.append(SimpleITK.GetArrayFromImage(to_surface[other])[points])
    every = np.concatenate(found)
    assert row["hausdorff"] == pytest.approx(every.max(), rel=1e-5)
    assert row["hausdorff_95"] == pytest.approx(max(np.quantile(d, 0.95) for d in found), rel=1e-5)
    assert row["mean_surface_distance"] == pytest.approx(every.mean(), rel=1e-5)
    assert row["surface_dice"] == pytest.approx((every <= 1).mean())
    assert row["unit"] == "mm"


@pytest.mark.parametrize("turn", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("flipped", [(), (0,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("cropped", [False, True])
def test_a_grid_may_be_turned_flipped_and_cropped(tmp_path, turn, flipped, cropped):
    voxels, affine = TEST, AFFINE
    if cropped:  # a box that is not inside that of the reference
        voxels = np.pad(voxels, ((2, 0), (0, 3), (0, 0)))[:, :-5]
        affine = affine @ translation((-2, 0, 0))
    for axis in flipped:
        voxels = np.flip(voxels, axis)
        last = np.eye(4)
        last[axis, axis], last[axis, 3] = -1, voxels.shape[axis] - 1
        affine = affine @ last
    voxels = voxels.transpose(turn)
    affine = affine[:, [*turn, 3]]
    files = (nifti(tmp_path / "t.nii", voxels, affine), nifti(tmp_path / "r.nii", REFERENCE))
    straight = (nifti(tmp_path / "s.nii", TEST), files[1])
    (row,), _ = rows(*files)
    (wanted,), _ = rows(*straight)
    for column in ("dice", "hausdorff", "mean_surface_distance", "volume_difference"):
        assert row[column] == pytest.approx(wanted[column], abs=1e-9), column


def translation(steps):
    matrix = np.eye(4)
    matrix[:3, 3] = steps
    return matrix


@pytest.mark.parametrize(
    "change",
    [
        translation((0.4, 0, 0)),
        np.diag([1.01, 1, 1, 1]),
        np.diag([2.0, 2, 2, 1]),
        np.array([[0.9, -0.4, 0, 0], [0.4, 0.9, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        np.diag([0.0, 1, 1, 1]),
        np.full((4, 4), np.nan),
    ],
    ids=["half a voxel", "spacing", "coarser", "tilted", "flat", "no numbers"],
)
def test_voxels_that_do_not_coincide_are_not_compared(change):
    moved = Mask(TEST, AFFINE @ change, "RAS")
    for pair in ((moved, Mask(REFERENCE, AFFINE, "RAS")), (Mask(REFERENCE, AFFINE, "RAS"), moved)):
        assert kinds_of(on_one_grid, *pair, PLACE) == ["masks-differ-in-grid"]


def test_masks_far_apart_take_no_memory():
    far = Mask(TEST, AFFINE @ translation((3_000_000, 2_000, 0)), "RAS")
    assert kinds_of(on_one_grid, far, Mask(TEST, AFFINE, "RAS"), PLACE) == ["mask-too-large"]
    endless = Mask(TEST, AFFINE @ translation((1e300, 0, 0)), "RAS")
    assert kinds_of(on_one_grid, endless, Mask(TEST, AFFINE, "RAS"), PLACE) == [
        "masks-differ-in-grid"
    ]


def test_a_label_is_one_object(tmp_path):
    labels = TEST.astype(np.int16) * 3 + ball((3, 3, 2), 2.0).astype(np.int16) * 7
    files = (nifti(tmp_path / "t.nii", labels, kind=np.int16), nifti(tmp_path / "r.nii", TEST * 3))
    found, _ = rows(*files, labels=[3, 7])
    assert [(row["label"], row["dice"]) for row in found] == [("3", 1), ("7", 0)]
    assert found[1]["hausdorff"] is None
    assert found[1]["note"] == "one of the masks is empty"


def test_four_dimensions_and_the_second_version(tmp_path):
    flat = nifti(tmp_path / "t.nii.gz", TEST[..., None], version=nib.Nifti2Image)
    np.testing.assert_array_equal(read_mask(flat).inside, TEST)
    series = nifti(tmp_path / "s.nii", np.stack([TEST, TEST], axis=-1))
    assert kinds_of(read_mask, series) == ["mask-unreadable"]


def test_units_other_than_millimetres(tmp_path):
    affine = AFFINE.copy()
    affine[:3] *= 1000
    image = nib.Nifti1Image(TEST.astype(np.uint8), affine)
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "t.nii")
    (row,), problems = rows(tmp_path / "t.nii", nifti(tmp_path / "r.nii", TEST))
    assert problems == ()
    assert row["dice"] == 1
    np.testing.assert_allclose(read_mask(tmp_path / "t.nii").affine, AFFINE, rtol=1e-6)


def test_an_image_is_no_mask(tmp_path):
    path = nifti(tmp_path / "t.nii", TEST * 0.37, kind=np.float32)
    assert kinds_of(read_mask, path) == ["mask-not-labels"]
    gaps = nifti(tmp_path / "u.nii", np.where(TEST, np.nan, 0), kind=np.float32)
    assert kinds_of(read_mask, gaps) == ["mask-not-labels"]


# ---------------------------------------------------------------------- hostile files


def with_header(path, offset, value):
    content = bytearray(path.read_bytes())
    content[offset : offset + len(value)] = value
    path.write_bytes(content)
    return path


def test_a_header_that_claims_too_much_is_not_followed(tmp_path):
    huge = with_header(nifti(tmp_path / "t.nii", TEST), 42, struct.pack("<3h", 32_000, 32_000, 90))
    assert kinds_of(read_mask, huge) == ["mask-too-large"]
    far = with_header(nifti(tmp_path / "u.nii", TEST), 108, struct.pack("<f", 2e9))
    assert kinds_of(read_mask, far) == ["mask-unreadable"]
    short = nifti(tmp_path / "v.nii", TEST)
    short.write_bytes(short.read_bytes()[:-99])
    assert kinds_of(read_mask, short) == ["mask-unreadable"]


def test_what_is_packed_is_unpacked_as_far_as_needed(tmp_path):
    plain = nifti(tmp_path / "t.nii", TEST).read_bytes()
    bomb = tmp_path / "u.nii.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as stream:
        stream.write(plain)
        for _ in range(64):
            stream.write(bytes(1 << 20))
    np.testing.assert_array_equal(read_mask(bomb).inside, TEST)
    bomb.write_bytes(gzip.compress(plain)[:-200])
    assert kinds_of(read_mask, bomb) == ["mask-unreadable"]


def test_an_array_runs_nothing_and_takes_no_memory_it_does_not_have(tmp_path):
    path = tmp_path / "t.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert kinds_of(read_mask, path) == ["mask-unreadable"]
    np.save(path, TEST)
    huge = path.read_bytes().replace(b"(24, 20, 12)", b"(9999,9999,9)")
    path.write_bytes(huge)
    assert kinds_of(read_mask, path) == ["mask-unreadable"]
    with path.open("wb") as stream:
        np.savez(stream, TEST)
    assert kinds_of(read_mask, path) == ["mask-unreadable"]


@pytest.mark.parametrize("name", ["t.nii", "t.nii.gz", "t.dcm", "t.npy"])
def test_damaged_files_are_named_not_raised(tmp_path, name):
    sound = {
        "t.nii": nifti(tmp_path / "a.nii", TEST),
        "t.nii.gz": nifti(tmp_path / "a.nii.gz", TEST),
        "t.npy": tmp_path / "a.npy",
        "t.dcm": segmentation(tmp_path / "a.dcm", {1: TEST}),
    }
    np.save(sound["t.npy"], TEST)
    content, path = sound[name].read_bytes(), tmp_path / name
    rng = np.random.default_rng(4)
    for _ in range(60):
        damaged = bytearray(content[: rng.integers(0, len(content) + 1)])
        for place in rng.integers(0, max(len(damaged), 1), 30):
            if damaged:
                damaged[min(place, len(damaged) - 1) % 700] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(SubmissionError):
            read_mask(path)


def test_what_a_parser_mends_is_not_printed(tmp_path, capfd):
    path = with_header(nifti(tmp_path / "t.nii", TEST), 80, struct.pack("<f", -0.8))
    np.testing.assert_array_equal(read_mask(path).inside, TEST)
    assert capfd.readouterr() == ("", "")


def test_other_names_are_not_opened(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("x")
    assert kinds_of(read_mask, path) == ["mask-other-format"]


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("clinval.capture.masks.reading.find_spec", lambda _: None)
    assert kinds_of(read_mask, nifti(tmp_path / "t.nii", TEST)) == ["masks-not-installed"]


# ---------------------------------------------------------------------- DICOM


def segmentation(path, segments, *, shift=(0, 0, 0)):
    """Write segments of the volume as a DICOM Segmentation with the frames that are not empty."""
    flip = np.diag([-1.0, -1, 1, 1])
    volume = hd.Volume(
        np.stack([segments[k] for k in sorted(segments)], axis=-1).astype(np.uint8),
        flip @ AFFINE @ translation(shift),
        coordinate_system="PATIENT",
        frame_of_reference_uid="1.2.3",
        channels={"SegmentNumber": sorted(segments)},
    )
    source = pydicom.Dataset()
    source.file_meta = pydicom.dataset.FileMetaDataset()
    source.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name, value in {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": "1.2.3",
        "Modality": "CT",
        "PatientID": "P",
        "PatientName": "",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyDate": "",
        "StudyTime": "",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "ImagePositionPatient": [0, 0, 0],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [1, 1],
        "SliceThickness": 1,
        "Rows": SHAPE[1],
        "Columns": SHAPE[2],
    }.items():
        setattr(source, name, value)
    organ = hd.sr.CodedConcept("10200004", "SCT", "Liver")
    descriptions = [
        hd.seg.SegmentDescription(
            number, f"S{number}", organ, organ, SegmentAlgorithmTypeValues.MANUAL
        )
        for number in sorted(segments)
    ]
    hd.seg.Segmentation(
        [source],
        volume,
        SegmentationTypeValues.BINARY,
        descriptions,
        generate_uid(),
        1,
        generate_uid(),
        1,
        "M",
        "M",
        "1",
        "1",
        omit_empty_frames=True,
    ).save_as(path)
    return path


def test_a_dicom_segmentation_lies_where_its_nifti_lies(tmp_path):
    other = ball((6, 5, 3), 3.0)
    seg = segmentation(tmp_path / "t.dcm", {1: TEST, 2: other})
    reference = nifti(tmp_path / "r.nii", REFERENCE)
    wanted, _ = rows(nifti(tmp_path / "s.nii", TEST), reference)
    found, _ = rows(seg, reference, labels=[1])
    for column in COLUMNS[2:12]:
        assert found[0][column] == pytest.approx(wanted[0][column], rel=1e-6), column
    both, _ = rows(seg, nifti(tmp_path / "b.nii", TEST | other))
    assert both[0]["dice"] == 1
    assert kinds_of(read_mask, seg, 9) == ["mask-unreadable"]


def test_frames_that_are_not_stored_are_empty(tmp_path):
    files = [
        segmentation(tmp_path / f"{name}.dcm", {1: voxels})
        for name, voxels in (("t", TEST), ("r", REFERENCE))
    ]
    (row,), _ = rows(*files)
    (wanted,), _ = rows(nifti(tmp_path / "t.nii", TEST), nifti(tmp_path / "r.nii", REFERENCE))
    for column in COLUMNS[2:12]:
        assert row[column] == pytest.approx(wanted[column], rel=1e-6), column


def test_other_dicom_is_refused(tmp_path):
    path = segmentation(tmp_path / "t.dcm", {1: TEST})
    data = pydicom.dcmread(path)
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.save_as(path)
    assert kinds_of(read_mask, path) == ["mask-unreadable"]


def test_frames_far_apart_take_no_memory(tmp_path, monkeypatch):
    path = segmentation(tmp_path / "t.dcm", {1: TEST})
    monkeypatch.setattr(limits, "MOST_VOXELS", int(TEST.size) // 2)
    assert kinds_of(read_mask, path) == ["mask-too-large"]


# ---------------------------------------------------------------------- folders


def test_files_pair_by_name(tmp_path):
    test, reference = tmp_path / "t", tmp_path / "r"
    test.mkdir()
    reference.mkdir()
    nifti(test / "a.nii.gz", TEST)
    nifti(test / "b.nii", TEST)
    nifti(test / "b.nii.gz", TEST)
    nifti(reference / "a.nii", REFERENCE)
    nifti(reference / "b.nii", TEST)
    nifti(reference / "c.nii", TEST)
    (reference / "notes.txt").write_text("x")
    found, problems = rows(test, reference)
    assert [row["case"] for row in found] == ["a", "b"]
    assert {(p.kind, p.place.file) for p in problems} == {
        ("mask-twice", "b.nii.gz"),
        ("mask-without-partner", "c.nii"),
    }
    (test / "empty").mkdir()
    assert kinds_of(compare_masks, test / "empty", reference) == ["no-masks"]


def test_arrays_have_the_spacing_that_is_told(tmp_path):
    for name, voxels in (("t", TEST), ("r", REFERENCE)):
        np.save(tmp_path / f"{name}.npy", voxels)
    files = (tmp_path / "t.npy", tmp_path / "r.npy")
    (row,), _ = rows(*files, spacing=[0.8, 0.8, 2.5])
    (wanted,), _ = rows(nifti(tmp_path / "t.nii", TEST), nifti(tmp_path / "r.nii", REFERENCE))
    assert row["hausdorff_95"] == pytest.approx(wanted["hausdorff_95"])
    _, problems = rows(*files, spacing=[1, 1])
    assert [problem.kind for problem in problems] == ["mask-unreadable"]
    _, problems = rows(files[0], nifti(tmp_path / "x.nii", TEST))
    assert [problem.kind for problem in problems] == ["masks-differ-in-grid"]
