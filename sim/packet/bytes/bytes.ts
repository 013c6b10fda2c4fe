/** Packets as octets, both ways: for kernels, captures, and whoever wants to be sure. */
export { decodePacket, decodeSegment, hasRightHeader } from "./bytes-decode.ts";
export { encodePacket, protocolOf } from "./bytes-encode.ts";
