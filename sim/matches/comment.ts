import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";

interface Options {
	readonly comment: string;
}

/** XT_MAX_COMMENT_LEN counts the closing NUL (include/uapi/linux/netfilter/xt_comment.h, 6.1). */
const GREATEST_LENGTH = 255;

/** Says something to the reader, and matches everything (iptables 1.8.9 libxt_comment.c). */
export const comment = defineMatch<Options>({
	name: "comment",
	alwaysMatches: true,
	options: [{ name: "comment", type: "string", mandatory: true }],
	// What is too long is cut, without a word.
	build: (given) => ({
		comment: cutOctets(
			given.get("comment", "string")?.text ?? "",
			GREATEST_LENGTH,
		),
	}),
	print: ({ comment }) => ` --comment${saveString(comment)}`,
	comment: ({ comment }) => comment,
	compile: () => () => true,
});
