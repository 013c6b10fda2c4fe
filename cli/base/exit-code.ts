/** What the command says to the shell. */
export const EXIT = {
	holds: 0,
	violated: 1,
	/** A file that is not there, a ruleset that does not load, an option that makes no sense. */
	badInput: 2,
	unknown: 3,
	/** A kernel to play on is missing, did not come up, or died. */
	lab: 4,
	/** A bug in marktwin (EX_SOFTWARE of sysexits.h). */
	bug: 70,
	/** 128 + SIGPIPE: nobody reads on, as in `marktwin run | head`. */
	brokenPipe: 141,
} as const;

export const EXIT_HELP = `Exit codes:
  0   everything holds
  1   something is violated
  2   bad input: a file, a ruleset, a scenario or an option
  3   unknown: marktwin does not model what it met
  4   the lab: a kernel to play on is missing, or died
  70  a bug in marktwin`;
