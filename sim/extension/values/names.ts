/**
 * Names of protocols and services, as Debian 12 lists them in /etc/protocols and /etc/services
 * (netbase 6.4): those that rulesets use; and users and groups. The model looks nothing up on the
 * machine it runs on, so that a ruleset means the same everywhere.
 */
import type { Behaviour } from "../../linux/behaviour.ts";

/** `name number`, in the order in which libxtables (`xtables_chain_protos`, 1.8.9) and then netbase list them. */
const PROTOCOLS = `tcp 6,sctp 132,udp 17,udplite 136,icmp 1,ipv6-icmp 58,icmpv6 58,esp 50,ah 51,
mobility-header 135,ipv6-mh 135,mh 135,all 0,ip 0,hopopt 0,igmp 2,ggp 3,ipencap 4,st 5,egp 8,
igp 9,pup 12,hmp 20,xns-idp 22,rdp 27,iso-tp4 29,dccp 33,xtp 36,ddp 37,idpr-cmtp 38,ipv6 41,
ipv6-route 43,ipv6-frag 44,idrp 45,rsvp 46,gre 47,skip 57,ipv6-nonxt 59,
ipv6-opts 60,rspf 73,vmtp 81,eigrp 88,ospf 89,ax.25 93,ipip 94,etherip 97,encap 98,
pim 103,ipcomp 108,vrrp 112,l2tp 115,isis 124,fc 133,mpls-in-ip 137,manet 138,hip 139,shim6 140,
wesp 141,rohc 142,ethernet 143,mptcp 262`;

/** Aliases in /etc/protocols; where none stands here, it is the name in upper case. */
const PROTOCOL_ALIASES = `IP-ENCAP 4,IPv6 41,IPv6-Route 43,IPv6-Frag 44,IPSEC-ESP 50,IPSEC-AH 51,
IPv6-ICMP 58,IPv6-NoNxt 59,IPv6-Opts 60,RSPF 73,CPHB 73,OSPFIGP 89,Mobility-Header 135,UDPLite 136,
MPLS-in-IP 137,Shim6 140,Ethernet 143`;
/** Names that iptables knows by itself (`xtables_chain_protos`), and no alias has. */
const ITS_OWN_NAMES: ReadonlySet<string> = new Set(["all", "manet"]);

/** `name port[/protocols] aliases…`; t, u and s are tcp, udp and sctp. */
const SERVICES = `tcpmux 1/t,echo 7/tu,discard 9/tu sink null,systat 11/t users,daytime 13/tu,netstat 15/t,
qotd 17/t quote,chargen 19/tu ttytst source,ftp-data 20/t,ftp 21/t,fsp 21/u fspd,ssh 22/t,telnet 23/t,
smtp 25/t mail,time 37/tu timserver,whois 43/t nicname,tacacs 49/tu,domain 53/tu,bootps 67/u,bootpc 68/u,
tftp 69/u,gopher 70/t,finger 79/t,http 80/t www,kerberos 88/tu kerberos5 krb5 kerberos-sec,
iso-tsap 102/t tsap,acr-nema 104/t dicom,pop3 110/t pop-3,sunrpc 111/tu portmapper,
auth 113/t authentication tap ident,nntp 119/t readnews untp,ntp 123/u,epmap 135/t loc-srv,
netbios-ns 137/u,netbios-dgm 138/u,netbios-ssn 139/t,imap2 143/t imap,snmp 161/tu,
snmp-trap 162/tu snmptrap,mailq 174/t,xdmcp 177/u,bgp 179/t,smux 199/t,qmtp 209/t,z3950 210/t wais,
ipx 213/u,ptp-event 319/u,ptp-general 320/u,ldap 389/tu,svrloc 427/tu,https 443/tu,snpp 444/t,
microsoft-ds 445/t,kpasswd 464/tu,submissions 465/t ssmtp smtps urd,saft 487/t,isakmp 500/u,rtsp 554/tu,
asf-rmcp 623/u,qmqp 628/t,ipp 631/t,ldp 646/tu,exec 512/t,biff 512/u comsat,login 513/t,who 513/u whod,
shell 514/t cmd syslog,syslog 514/u,printer 515/t spooler,talk 517/u,ntalk 518/u,
route 520/u router routed,uucp 540/t uucpd,klogin 543/t,kshell 544/t krcmd,dhcpv6-client 546/u,
dhcpv6-server 547/u,afpovertcp 548/t,nntps 563/t snntp,submission 587/t,ldaps 636/tu,tinc 655/tu,
silc 706/t,kerberos-adm 749/t,domain-s 853/tu,rsync 873/t,ftps-data 989/t,ftps 990/t,telnets 992/t,
imaps 993/t,pop3s 995/t,socks 1080/t,openvpn 1194/tu,rmiregistry 1099/t,lotusnote 1352/t lotusnotes,
ms-sql-s 1433/t,ms-sql-m 1434/u,datametrics 1645/tu old-radius,sa-msg-port 1646/tu old-radacct,
l2f 1701/u l2tp,radius 1812/tu,radius-acct 1813/tu radacct,cisco-sccp 2000/t,nfs 2049/tu,
cvspserver 2401/t,mon 2583/tu,dict 2628/t,gpsd 2947/t,gds-db 3050/t gds_db,icpv2 3130/u icp,isns 3205/tu,
iscsi-target 3260/t,mysql 3306/t,ms-wbt-server 3389/t,nut 3493/tu,distcc 3632/t,daap 3689/t,
svn 3690/t subversion,sieve 4190/t,epmd 4369/t,ntske 4460/t,ipsec-nat-t 4500/u,iax 4569/u,
radmin-port 4899/t,sip 5060/tu,sip-tls 5061/tu,xmpp-client 5222/t jabber-client,
xmpp-server 5269/t jabber-server,cfengine 5308/t,mdns 5353/u,postgresql 5432/t postgres,amqps 5671/t,
amqp 5672/ts,x11 6000/t x11-0,x11-1 6001/t,x11-2 6002/t,x11-3 6003/t,redis 6379/t,mysql-proxy 6446/t,
babel 6696/u,ircs-u 6697/t,bbs 7000/t,http-alt 8080/t webcache,puppet 8140/t,bacula-dir 9101/t,
bacula-fd 9102/t,bacula-sd 9103/t,nbd 10809/t,zabbix-agent 10050/t,zabbix-trapper 10051/t,amanda 10080/t,
hkp 11371/t,kerberos4 750/ut kerberos-iv kdc,poppassd 106/t,spamd 783/t,zebra 2601/t,ripd 2602/t,
ospfd 2604/t,bgpd 2605/t,fax 4557/t,hylafax 4559/t,munin 4949/t lrrd,nrpe 5666/t,nsca 5667/t,
syslog-tls 6514/t,sane-port 6566/t sane saned,ircd 6667/t,tproxy 8081/t,git 9418/t,webmin 10000/t`;

/** For getservbyname(3): the protocol that a port number is asked for. */
export type ServiceProtocol = "tcp" | "udp" | "sctp";

const protocolNumbers = new Map<string, number>();
const namesOfProtocols = new Map<number, string>();
for (const line of PROTOCOLS.split(/,\s*/)) {
	const [name = "", number = ""] = line.split(" ");
	if (!protocolNumbers.has(name)) protocolNumbers.set(name, Number(number));
	if (!namesOfProtocols.has(Number(number)))
		namesOfProtocols.set(Number(number), name);
}
for (const line of PROTOCOL_ALIASES.split(/,\s*/)) {
	const [alias = "", number = ""] = line.split(" ");
	protocolNumbers.set(alias, Number(number));
}
const aliased = new Set(
	PROTOCOL_ALIASES.split(/,\s*/).map((line) => line.split(" ")[1]),
);
for (const [name, number] of [...protocolNumbers])
	if (!aliased.has(`${number}`) && !ITS_OWN_NAMES.has(name))
		protocolNumbers.set(name.toUpperCase(), number);

const LETTERS: Readonly<Record<string, ServiceProtocol>> = {
	t: "tcp",
	u: "udp",
	s: "sctp",
};
const ports = new Map<string, number>();
for (const line of SERVICES.split(/,\s*/)) {
	const [name = "", place = "", ...aliases] = line.split(" ");
	const [port = "", letters = ""] = place.split("/");
	for (const known of [name, ...aliases]) {
		for (const key of ["*", ...[...letters].map((l) => LETTERS[l])])
			if (!ports.has(`${known}/${key}`))
				ports.set(`${known}/${key}`, Number(port));
	}
}

/** The number of a protocol's name or alias, in which case counts, or `null`. */
export function protocolNumber(name: string): number | null {
	return protocolNumbers.get(name) ?? null;
}

/** The name that iptables-save prints for a protocol, or `null` when it prints the number. */
export function protocolName(number: number): string | null {
	return namesOfProtocols.get(number) ?? null;
}

/** The protocols that iptables names without asking the machine (`xtables_chain_protos`, 1.8.11). */
const NAMED_BY_IPTABLES: ReadonlySet<number> = new Set([
	1, 6, 17, 33, 50, 51, 58, 108, 132, 135, 136,
]);

/** How a rule's protocol is printed by this iptables; `null`: as a number. */
export function printedProtocol(
	number: number,
	{ protocolNames: names }: Behaviour,
): string | null {
	return names === "of the machine" || NAMED_BY_IPTABLES.has(number)
		? protocolName(number)
		: null;
}

/** The port of a service's name, or `null`. Without `protocol`: the first one of that name. */
export function servicePort(
	name: string,
	protocol?: ServiceProtocol,
): number | null {
	return ports.get(`${name}/${protocol ?? "*"}`) ?? null;
}

/** The names and aliases of protocols that the model knows. */
export function protocolNames(): Iterable<string> {
	return protocolNumbers.keys();
}

/** The names and aliases of services that the model knows. */
export function serviceNames(): readonly string[] {
	return [...ports.keys()].flatMap((key) =>
		key.endsWith("/*") ? [key.slice(0, -2)] : [],
	);
}

/** `name:user:group`: who is on every Debian machine (base-passwd 3.6); "" where there is none. */
const KNOWN = `root:0:0 daemon:1:1 bin:2:2 sys:3:3 adm::4 tty::5 disk::6 sync:4: games:5:60 man:6:12
lp:7:7 mail:8:8 news:9:9 uucp:10:10 proxy:13:13 kmem::15 dialout::20 fax::21 voice::22 cdrom::24
floppy::25 tape::26 sudo::27 audio::29 dip::30 www-data:33:33 backup:34:34 operator::37 list:38:38
irc:39:39 src::40 _apt:42: shadow::42 utmp::43 video::44 sasl::45 plugdev::46 staff::50 users::100
nobody:65534: nogroup::65534`;

const users = new Map<string, number>();
const groups = new Map<string, number>();
for (const entry of KNOWN.split(/\s+/)) {
	const [name = "", user, group] = entry.split(":");
	if (user) users.set(name, Number(user));
	if (group) groups.set(name, Number(group));
}

/** The number of a user that is on every Debian machine, or `null`. */
export function userId(name: string): number | null {
	return users.get(name) ?? null;
}

/** The same of a group. */
export function groupId(name: string): number | null {
	return groups.get(name) ?? null;
}

/** The users that are on every Debian machine. */
export function userNames(): Iterable<string> {
	return users.keys();
}

/** The groups that are on every Debian machine. */
export function groupNames(): Iterable<string> {
	return groups.keys();
}

/** May a module make a file of that name? (`xt_check_proc_name`, kernel 6.1 x_tables.c) */
export function isProcName(name: string): boolean {
	return name !== "" && name !== "." && name !== ".." && !name.includes("/");
}

/** What iptables says of a set's name that is empty, which it looks for as for any other. */
export const NO_SET_NAME = {
	message: "Set  doesn't exist.",
	remedy: "Write the set's name: no set has an empty one.",
} as const;
