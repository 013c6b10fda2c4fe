/** A mistake in a `GatewaySetup`. @public */
export class SetupError extends Error {
	override readonly name = "SetupError";
	/** The name of the setting that is wrong; `null` where it is something else. */
	readonly sysctl: string | null;

	/** What to do; `null` where nothing is known but the message. */
	readonly remedy: string | null;

	/** @param about its place in the setup (`gateway.ip[1]`), which begins the message, and what to do */
	constructor(
		message: string,
		sysctl: string | null = null,
		about: { readonly place: string; readonly remedy: string } | null = null,
	) {
		super(about === null ? message : `${about.place}: ${message}`);
		this.sysctl = sysctl;
		this.remedy = about?.remedy ?? null;
	}
}
