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
]  # fmt: skip
