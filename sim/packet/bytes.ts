/** Packets as octets, both ways: for kernels, captures, and whoever wants to be sure. */
export {
	type ChecksumState,
	checksumStates,
	decodePacket,
} from "./bytes-decode.ts";
export { encodePacket, protocolOf } from "./bytes-encode.ts";
