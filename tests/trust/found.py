"""Arguments that once gave a wrong digit, a warning or an error; each stays for ever."""

FOUND = [
    # The projection on one direction went through a rotation, which mixes rows of any size.
    (
        "spectral.projections.optimal_xi",
        {
            "s": [1e-06], "theta": [-0.15052295731035728], "noise": 29721.268994276783,
            "omega": [509.0765393682759], "lam": 1218239150.720317,
        },
    ),
    # The risk of a nearly perfect student was made from a difference of filters.
    (
        "spectral.projections.optimal_xi",
        {
            "s": [0.006429263267269859, 77.50354039456273],
            "theta": [1.6103051439498064e-06, 1000000.0], "noise": 0.0,
            "omega": [6308.0133177974085, 0.005518935716233961], "lam": 1e-12,
        },
    ),
    # Summing up the powers cancelled.
    (
        "spectral.weights.xi_from_taylor",
        {"w": [25.0627880856867, 0.1729333620579208, -1000.0, -399.8607677486268]},
    ),
    # No signal and no noise: zero over zero.
    (
        "label_noise.linear_smoother_floor",
        {"s": [17.3], "theta": [0.0], "noise": 0.0, "omega": [1.0], "lam": 1.0},
    ),
    # The fluctuation was the difference of the second moment and the signal.
    (
        "label_noise.self_training",
        {
            "s": [527.9282358420523, 65.05393764417468, 474735.35189799516],
            "energy": [0.0, 0.025019781107576137, 207.85796152719234],
            "masses": [0.09206743529198376, 0.43682173065906227, 0.47111083404895393],
            "ratio": 1.0, "noise": 37354.497754024895, "lam": 0.004713570035608331, "n": 3,
        },
    ),
    # Normal equations, and what is missed as a difference.
    (
        "label_noise.pruned_xi",
        {
            "x": [[-110014.16056702661], [472943.7271151916], [485304.3510629738],
                  [451918.9687908294], [569622.7242162158]],
            "theta": [-0.555234620896732], "noise": 49.129044434453185, "rows": [0, 2, 3],
            "lam": 6327113.843492334, "student_lam": 18267238.56956681,
        },
    ),
    # Teacher minus student at a small penalty.
    (
        "label_noise.tune_xi (gcv_published)",
        {
            "x": [[-0.0019228302524922627], [-0.0008330400222108001], [-0.0009820381434980903],
                  [-0.00023396191178959283], [0.0016291186133171394], [0.0009249440770516522]],
            "y": [-0.42844817651945033, -0.8958120817200173, 0.33781661693368115,
                  0.4010230254037981, -0.1652526610070908, -0.8828537050558596],
            "lam": 1.439249223846336e-09,
        },
    ),
    # The coefficients were the initial ones plus a move that undid them.
    (
        "label_noise.anchored_rounds",
        {
            "x": [[229935.3889017539, 549863.810929413], [460143.01889841113, -102676.29712782045],
                  [56692.38163567466, 515974.2187985646], [349943.82786212576, -530893.0345367753],
                  [-744215.107812324, -152739.22829229815]],
            "y": [-0.984531900330974, 0.11964526879820214, 0.8680398218902157,
                  -0.027544222131394402, -0.13718393926625927],
            "lam": 204393876.02506867, "start": [-0.6742941495025172, 0.3347894001668925], "n": 3,
        },
    ),
    # Zero covariance stood for a covariance so small that the difference of two logarithms had no
    # digits left.
    (
        "jepa.hitting_time",
        {
            "lam": 0.0, "s2": 0.00019744441486379335, "depth": 2, "objective": "jepa",
            "start": 0.21250751059414263, "stop": 0.03223707259105445,
        },
    ),
    # A logarithm minus the first terms of its own series.
    ("jepa.phase", {"x": -1000.0, "depth": 10, "objective": "jepa"}),
    # A size beyond the largest float came with a warning.
    ("jepa.fixed_point", {"lam": 1e9, "s2": 1e-12, "depth": 100, "objective": "jepa"}),
    # The difference of two nearly equal softmax vectors.
    (
        "logistic.temperature_gradient",
        {
            "v": [-0.002203994253364118, 15.01459282492207, 1.9300314091528426e-09],
            "z": [1e-12, 0.0013856787119771376, -2.127780025156674e-10],
            "temperature": 2631355576.389289,
        },
    ),
    # The identity minus a smoother: nothing is left of small predictions, nor of small residuals.
    (
        "kernel_ridge.leave_one_out_predictions",
        {
            "k": [[277005744994.5774, -224123355273.11676],
                  [-224123355273.11676, 525313732798.98444]],
            "y": [0.8744576302046854, -0.3438208283198976], "lam": 1e18, "xi": 3.0, "n": 2,
        },
    ),
    # Fitted values as targets minus a multiple of the dual weights.
    (
        "kernel_ridge.distil (cholesky)",
        {
            "k": [[1.1233695549769728e-05, 2.1612305484122255e-06],
                  [2.1612305484122255e-06, 4.158521111898908e-07]],
            "y": [-0.9819633351128714, 0.9653721767411525], "lam": 0.08511693599247178,
            "xi": 0.0011222012043953272, "n": 0, "new": [-0.004644874077329719, 0.9574418285600861],
        },
    ),
]  # fmt: skip
