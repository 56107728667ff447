"""Names that a mechanism cannot have: they mean something to NMODL, to C++ or to NEURON already."""

import re

from neuron_models.foundation.errors import require

# Of the translator of NEURON 9.0 (nocmodl): its keywords, and the functions that it knows.
_NMODL = """
AFTER ARTIFICIAL_CELL ASSIGNED BBCOREPOINTER BEFORE BREAKPOINT BY CHARGE COMMENT COMPARTMENT CONDUCTANCE CONSERVE
CONSTANT CONSTRUCTOR DEFINE DEL DEL2 DEPEND DEPENDENT DERIVATIVE DESTRUCTOR DISCRETE ELECTRODE_CURRENT ENDCOMMENT
ENDVERBATIM EQUATION EXTERNAL FOR_NETCONS FROM FUNCTION FUNCTION_TABLE GLOBAL IF INCLUDE INDEPENDENT INITIAL KINETIC LAG
LINEAR LOCAL LONGITUDINAL_DIFFUSION METHOD MODEL MODEL_LEVEL MUTEXLOCK MUTEXUNLOCK NET_RECEIVE NEURON NONLINEAR
NONSPECIFIC_CURRENT PARAMETER PARTIAL PLOT POINTER POINT_PROCESS PROCEDURE PROTECT PUTQ GETQ RANDOM RANGE READ
REPRESENTS SENS SOLVE SOLVEFOR START STATE STEADYSTATE STEP STEPPED SUFFIX SWEEP TABLE TERMINAL THREADSAFE TITLE TO
UNITS UNITSOFF UNITSON USEION VALENCE VERBATIM VS WATCH WHILE WITH WRITE
abs acos asin atan atan2 boundary ceil cos cosh derivimplicit derivs erf euler exp expfit exprand fabs factorial floor
fmod gauss harmonic invert legendre log log10 net_event net_move net_send newton normrand nrn_ghk nrn_pointing perpulse
perstep poisson poisrand pow printf prterr ramp random revhyperbol revsawtooth revsigmoid schedule scop_random set_seed
setseed simeq sin sinh sparse spline sqrt squarewave state_discontinuity stepforce tan tanh
"""

_CPP = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await
co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
double dynamic_cast else enum explicit export extern false float for friend goto if inline int long main mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires
return short signed sizeof static static_assert static_cast std struct switch template this thread_local throw true try
typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq NULL
"""

# NEURON's own language, its classes, mechanisms and variables; the rest is reported when a mechanism is loaded.
_NEURON = """
access begintemplate connect create debug depvar endtemplate eqn external forall forsec func getstr help ifsec insert
iterator local nrn_load_dll objectvar objref obfunc print proc quit read ropen setpointer sprint sred stop strdef
uninsert xopen
APCount AlphaSynapse Avogadro_constant BBSaveState CVode DEG Deck E Exp2Syn ExpSyn FARADAY FInitializeHandler File GAMMA
GUIMath Glyph Graph HBox IClamp Impedance IntFire1 IntFire2 IntFire4 KSChan KSGate KSState KSTrans L
LinearMechanism List Matrix MechanismStandard MechanismType NMODLRandom NetCon NetStim OClamp PHI PI PPShape PWManager
ParallelContext PatternStim PlotShape PointProcessMark Pointer PtrVector PythonObject R Ra Random RangeVarPlot SEClamp
SaveState Section SectionBrowser SectionList SectionRef Shape StateTransitionEvent StringFunctions SymChooser TextEditor
Timer VBox VClamp ValueFieldEditor Vector WormtwinHalfGap
area ca_ion capacitance celsius clamp_resist cm diam dt extracellular fastpas hh k_ion morphology na_ion nseg pas
secondorder steps_per_ms t v
"""

# What the mechanism itself is made of, and the file that nrnivmodl adds.
_OURS = """
add_product by_events due flag mod_func network refuse samples sampling since start_from_rest take_sample
take_sample_when_due weight
"""

RESERVED = frozenset(f"{_NMODL} {_CPP} {_NEURON} {_OURS}".split())
"""Names that a mechanism cannot have."""

_PORTS = ("x_", "from_", "y_", "v_", "state_", "nn_")


def require_free(name: str) -> None:
    """Check that a mechanism can have a name.

    Raises:
        InputError: it is none that NMODL takes, or it means something else already.
    """
    written = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,59}", name)
    require(
        bool(written),
        f"a mechanism's name is letters, digits and underscores, 60 at most and a letter first, got {name!r}",
    )
    taken = not RESERVED.isdisjoint((name, f"{name}Gap")) or name.startswith(_PORTS) or name.lower().endswith("gap")
    require(
        not taken,
        f"a mechanism cannot be called {name}: NMODL, C++, NEURON or the mechanism's own parts have that name; say "
        "another --name",
    )
