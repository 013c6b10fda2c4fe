/** What a script does besides iptables: ignored where it is known to be harmless, else said or refused. */
import { describe, expect, test } from "vitest";
import { checkRules } from "../check-rules.ts";
import { faultsOf, left, notesOf } from "../test-script.ts";

describe("a command is ignored only where all in it is known to be harmless", () => {
	test.each([
		["X=$(iptables -F)", "a substitution in this command holds iptables"],
		["X=a`iptables -F`", "holds iptables commands"],
		["export Y=$(iptables -F INPUT)", "holds iptables commands"],
		['echo "$(iptables -F)" > log', "holds iptables commands"],
		["echo a > $(iptables -F)", "holds iptables commands"],
		["logger `date; ./flush.sh`", "holds `./flush.sh`, which is not known"],
		["echo $(echo $(echo $(sh x)))", "holds `sh`, which is not known"],
		["cat <(iptables -F)", "holds iptables commands"],
		["A=(a $(iptables -F))", "holds iptables commands"],
		["A=$(( $(iptables -F | wc -l) + 1 ))", "holds iptables commands"],
		[`A=\${B:-$(iptables -F)}`, "holds iptables commands"],
		["cat <<X\n$(iptables -F)\nX", "holds iptables commands"],
		['if test -n "$(iptables -F)"; then :; fi', "holds iptables commands"],
		["for i in $(iptables -F); do echo; done", "holds iptables commands"],
		["case $(iptables -F) in a) ;; esac", "holds iptables commands"],
		["case a in $(iptables -F)) ;; esac", "holds iptables commands"],
		["[[ -n $(iptables -F) ]]", "holds iptables commands"],
		["while :; do :; done < <(iptables -F)", "holds iptables commands"],
		["[ x ] && X=$(iptables -F)", "holds iptables commands"],
		["trap 'iptables -F' EXIT", "`trap` holds iptables commands"],
		['trap "$X" EXIT', "known only when the script is run"],
		["trap 'D=1' DEBUG", "commands that change how the script goes on"],
		["alias echo='iptables -F'", "`alias` holds `echo=iptables -F`"],
		["find . -exec ./x \\;", "`find` holds `-exec`"],
		["awk 'BEGIN { system(\"x\") }'", "a program of awk"],
		['awk "$X"', "a program of awk that is known only"],
		["sed -n '1e iptables -F' x", "a program of sed"],
		["sed 's/a/b/e' x", "a program of sed"],
		["ip netns exec $N ./x", "`ip netns exec`, which runs a command"],
		["hash -p ./x iptables", "`-p`, which may run a command"],
		["./echo a", "what `./echo` does to the rules is not known"],
		["for f in *; do $f; done", "`$f`, a command that is known only"],
		["for f in *; do sh $f; done", "holds `sh`, which is not known"],
		['while read r; do eval "$r"; done < f', "holds `eval`"],
		["while read r; do $r; done <<X\niptables -F\nX", "holds `$r`"],
		["if [ -f x ]; then . ./x; fi", "holds `.`, which is not known"],
		["echo() { ./x; }\necho a", "the function echo holds `./x`"],
		["iptables() { ./x; }\niptables -F", "the function iptables holds"],
		["rmmod iptable_nat", "takes its rules away"],
		["modprobe -r iptable_filter", "takes its rules away"],
		["systemctl restart docker", "the service docker, which may change rules"],
		["rmmod iptable-filter", "takes its rules away"],
		["mv x /sbin/iptables", "which changes a program"],
		["find $OPTIONS -name x", "words for find that are known only"],
		["ip $X ./x", "words for ip that are known only"],
		["echo $[D=5]", "arithmetic in `$[…]`"],
		["X='a[$(./x)]'; echo $((X))", "arithmetic with a value"],
		["kill $$", "`kill` of the script itself"],
		["PATH=/nosuch", "whether iptables is found is not known"],
		[
			"set -u\necho $NOPE",
			"`set -u` ends the script here unless NOPE has a value",
		],
		["set $OPTIONS", "which options `set` gives the shell"],
		["f() { set -e; }\nf", "`set`, which changes how the script goes on"],
		['export "$X"', "`export` of a variable that is known only"],
		["declare -i D", "`-i`, which changes what is assigned later"],
		["test -v 'a[$(iptables -F)]'", "a substitution in quotes"],
		[`echo ${"$(echo ".repeat(500)}a${")".repeat(500)}`, "too deep to follow"],
	])("%s", (lines, message) => {
		const { faults, ruleset } = checkRules(
			`#!/bin/bash\niptables -A INPUT -j ACCEPT\n${lines}\n`,
		);
		expect(ruleset).toBeNull();
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatchObject({ code: "script", from: "marktwin" });
		expect(faults[0]?.line).toBeGreaterThan(2);
		expect(faults[0]?.message).toContain(message);
	});

	test.each([
		["quotes", `echo ${'"$('.repeat(9999)}a${')"'.repeat(9999)}`],
		["fallbacks", `echo ${"${A:-".repeat(2000)}a${"}".repeat(2000)}`],
		[
			"functions",
			`${Array.from({ length: 3000 }, (_, i) => `f${i}() { f${i - 1}; }`).join("\n")}\nf2999`,
		],
	])("%s too deep to follow are refused", (_, lines) => {
		const { faults } = checkRules(`#!/bin/bash\n${lines}\n`);
		expect(faults).toMatchObject([
			{ from: "marktwin", message: expect.stringContaining("too deep") },
		]);
	});

	test.each([
		"X=$(date +%s); Y=`hostname -I | awk '{print $1}'`",
		"IP=$(ip -o -4 addr show eth0 | sed -e 's/.*inet //;s#/.*##' | cut -d/ -f1)",
		'HERE=$(cd "$(dirname "$0")" && pwd)',
		"trap 'rm -f /tmp/lock' EXIT\ntrap - INT",
		"for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $f; done",
		"for m in ip_tables ip_conntrack; do modprobe $m || true; done",
		"sysctl -w net.ipv4.ip_forward=1 > /dev/null",
		"if iptables -nL INPUT > /dev/null; then echo loaded; fi",
		"PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH",
		'log() { echo "$(date) $1" | tee -a /var/log/fw; }\nlog start',
		"echo 'iptables -F'; echo \"run iptables\" > README",
		"cat <<'X'\n$(iptables -F)\nX",
		"sed -i 's/a/b/g; /x/d' /etc/motd",
		"find /etc -name '*.rules' -type f",
	])("%s is", (lines) => {
		const text = `#!/bin/bash\nset -e\n${lines}\niptables -A INPUT -j DROP\n`;
		expect(faultsOf(text)).toEqual([]);
		expect(left(text)).toEqual(["-A INPUT -j DROP"]);
	});
});

describe("after a command a variable has its value or none that is known", () => {
	test.each([
		"printf -v D 2",
		": $((D=17))",
		"echo $((D++))",
		"((D=5))",
		"let D=5",
		"let 'D += 5'",
		"read D",
		"read -r -p 'which? ' A D < f",
		"read -aD",
		"x=D; export $x=5",
		"x='D=5'; declare $x",
		"getopts a D",
		"for D in 2; do :; done",
		"while read D; do :; done < f",
		"if true; then D=2; fi",
		"[ -f x ] && D=2",
		"[ -f x ] && export D=2",
		"[ -f x ] || unset D",
		"f() { D=2; }\nf",
		"f() { D=2; }\ng() { f; }\nif true; then g; fi",
		"if true; then echo() { D=2; }; fi\necho",
		"D=2 :",
		"readonly D=1\nD=2",
		"unset D",
		`[ x ] || echo \${D:=$X}`,
	])("%s", (lines) => {
		const text = `#!/bin/bash\nD=1\n${lines}\niptables -A INPUT -p $D -j DROP\n`;
		expect(faultsOf(text)).toEqual([
			expect.stringMatching(/(value of D|to D|variable D) .*(depends|known)/),
		]);
	});

	test.each([
		["D=2 true", "icmp"],
		["false && D=2", "icmp"],
		["true && D=6", "tcp"],
		["export D=6", "tcp"],
		[`: \${D:=6}`, "icmp"],
		[`unset D; : \${D:=6}`, "tcp"],
		["X=$((D == 17))", "icmp"],
	])("%s", (lines, protocol) => {
		const text = `D=1\n${lines}\niptables -A INPUT -p $D -j DROP\n`;
		expect(left(text)).toEqual([`-A INPUT -p ${protocol} -j DROP`]);
	});

	test("an unquoted one is not divided once IFS is assigned", () => {
		expect(
			faultsOf("IFS=.\nD=1.1.1.1\niptables -A INPUT -s $D -j DROP\n"),
		).toEqual([expect.stringContaining("IFS is assigned")]);
	});
});

describe("where a script ends", () => {
	test.each([
		["set -e\necho a && false", "`set -e` ends the script here"],
		["exec true", "the script ends here"],
		["exec iptables -A INPUT -j ACCEPT", "the script ends here"],
		["set -n", "the script ends here"],
	])("%s", (lines, note) => {
		const text = `${lines}\niptables -A INPUT -j DROP\n`;
		expect(left(text)).not.toContain("-A INPUT -j DROP");
		expect(notesOf(text).join("\n")).toContain(note);
	});

	test.each([
		["if true; then exit 0; fi", "whether `exit` is reached"],
		["f() { echo a; exit 1; }\nf", "whether `exit` is reached"],
		["set -e\ngrep -q a /etc/x", "ends the script here if this fails"],
		[`: \${1?usage}`, "whether"],
		["PATH=$PATH:/opt/fw", "programs are looked for in /opt/fw, too"],
	])("%s: not known, and said", (lines, note) => {
		const text = `${lines}\niptables -A INPUT -j DROP\n`;
		expect(left(text)).toContain("-A INPUT -j DROP");
		expect(notesOf(text).join("\n")).toContain(note);
	});
});
