"""What a protocol may say of a reader study, and each way of saying it wrongly."""

import kit
import pytest

REFERENCE = {"form": "F06", "positive": 'reference_result == "positive"',
             "negative": 'reference_result == "negative"'}  # fmt: skip
OLDER = {**REFERENCE, "positive": 'reference_result in ["positive", "indeterminate"]'}
MARGIN = {"value": 0.05, **kit.MARGIN}
LESIONS = {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "lesion"],
           "rows": "open", "add": [{"id": "lesion", "type": "integer", "label": "Lesion",
                           "required": True}]}  # fmt: skip


BLOCKS = {"blocks": [{"id": f"B{k}", "readers": [f"R{k}"], "subjects": {"sites": [f"S0{k}"]}}
                     for k in (1, 2)]}  # fmt: skip


def found(*, use="F07", design="crossed_readers", reading=None, **said):
    base = {"id": "P1", "kind": "mrmc", "form": "F07", "measure": "confidence",
            "comparison": "superiority", "reference": REFERENCE}  # fmt: skip
    endpoint = {key: value for key, value in (base | said).items() if value is not None}
    return kit.problems(
        design=design,
        readers=("R1", "R2"),
        forms=["F04", "F05", "F06", use],
        endpoints=[endpoint],
        **({"reading": reading} if reading else {}),
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"design": "split_plot", "reading": BLOCKS},
        {"comparison": "non_inferiority", "margin": MARGIN, "random": "cases"},
        {"comparison": "equivalence", "margin": MARGIN, "method": "u_statistic"},
        {"metric": "sensitivity", "measure": 'call == "positive"'},
        {"metric": "specificity", "threshold": 3.0, "covariance": "jackknife"},
        {"metric": "partial_auc", "fpr_max": 0.2},
        {"truth_versions": [{"id": "T1", "label": "older", "reference": OLDER}]},
        {"use": LESIONS, "target": "lesion"},
        {"use": LESIONS, "where": "lesion == 1"},
        {"compare": {"test": "REF", "reference": "TEST"}, "readers": ["R1", "R2"]},
    ],
)
def test_what_a_reader_study_may_say(said):
    assert found(**said) == []


TWICE = [{"id": "T1", "label": "a", "reference": OLDER}] * 2
STRANGE = [{"id": "T1", "label": "a", "reference": {**REFERENCE, "negative": "unheard == 1"}}]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"comparison": "non_inferiority"}, "margin-missing"),
        ({"comparison": "estimation", "margin": MARGIN}, "margin-not-used"),
        ({"margin": {**MARGIN, "value": 5.0}}, "value-out-of-limits"),
        ({"metric": "sensitivity"}, "key-missing"),
        ({"metric": "partial_auc"}, "key-missing"),
        ({"threshold": 3.0}, "design-does-not-fit"),
        ({"fpr_max": 0.2}, "design-does-not-fit"),
        ({"measure": 'call == "positive"'}, "rule-is-a-truth"),
        ({"method": "hillis"}, "method-unknown"),
        ({"method": "u_statistic", "random": "cases"}, "design-does-not-fit"),
        ({"method": "v_statistic", "metric": "partial_auc", "fpr_max": 0.2}, "design-does-not-fit"),
        ({"method": "dorfman_berbaum_metz", "covariance": "delong"}, "design-does-not-fit"),
        ({"method": "u_statistic", "negative_variance": "truncate"}, "design-does-not-fit"),
        ({"negative_variance": "v_statistic"}, "design-does-not-fit"),
        ({"covariance": "delong", "design": "split_plot"}, "design-does-not-fit"),
        ({"method": "dorfman_berbaum_metz", "design": "parallel"}, "design-does-not-fit"),
        ({"covariance": "clustered"}, "design-does-not-fit"),
        ({"covariance": "unbiased", "metric": "specificity", "threshold": 3.0},
         "design-does-not-fit"),
        ({"covariance": "delong", "metric": "partial_auc", "fpr_max": 0.2},
         "design-does-not-fit"),
        ({"use": LESIONS}, "reads-not-apart"),
        ({"use": LESIONS, "target": "lesion", "covariance": "delong"}, "design-does-not-fit"),
        ({"use": LESIONS, "target": "lesion", "method": "u_statistic"}, "design-does-not-fit"),
        ({"target": "lesion"}, "replicate-not-key"),
        ({"readers": ["R1"]}, "readers-too-few"),
        ({"readers": ["R1", "R9"]}, "reader-unknown"),
        ({"design": "single_arm"}, "design-does-not-fit"),
        ({"compare": {"test": "R1", "reference": "R2", "by": "reader"}}, "design-does-not-fit"),
        ({"compare": {"test": "TEST", "reference": "OLD"}}, "arm-unknown"),
        ({"truth_versions": TWICE}, "id-twice"),
        ({"truth_versions": STRANGE}, "rule-column-unknown"),
        ({"subgroups": ["sex"]}, "subgroup-unknown"),
        ({"combine": "mean"}, "value-not-of-list"),
        ({"measure": "repeated", "form": "F05"}, "endpoint-form-keys"),
    ],
)  # fmt: skip
def test_each_misuse_is_found(said, kind):
    assert kind in found(**said)
