from sklearn.utils.estimator_checks import parametrize_with_checks

from featcolor.regressor import ChromaRegressor


@parametrize_with_checks(
    [ChromaRegressor(), ChromaRegressor(head="mean"), ChromaRegressor(head="mean", solver="ridge")]
)
def test_sklearn(estimator, check):
    check(estimator)
