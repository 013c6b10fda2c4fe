/** A packet, as text or as octets, that cannot be read. @public */
export class PacketError extends Error {
	override readonly name = "PacketError";
	/** `notation`: the one-line form is wrong. `bytes`: the octets are. */
	readonly code: "notation" | "bytes";
	/** Column of the line, or offset of the octet; the column counts from 1, the offset from 0. */
	readonly place: number;
	/** What to write instead, with an example. */
	readonly remedy: string;

	constructor(fields: {
		readonly code: "notation" | "bytes";
		readonly message: string;
		readonly place: number;
		readonly remedy: string;
	}) {
		super(fields.message);
		this.code = fields.code;
		this.place = fields.place;
		this.remedy = fields.remedy;
	}
}
