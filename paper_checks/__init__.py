"""The published claims, one module per paper, in the paper's order.

Modules import `sdtheory` absolutely and each other relatively, because the wheel carries this
package as ``sdtheory.paper_checks``. Nothing is imported here: `sdtheory.claims.published` finds
the modules.
"""
