/*
 * The harness's hand inside the guest kernel. It keeps the guest's time with the script's, tells
 * when timers have run, and marks packets for TRACE without a rule in anybody's table.
 *
 * Frames of ethertype 0x88b5 come in order with the packets on the trunk:
 *   octet 0      what to do: 'B'egin, 'A'dvance, 'T'imers, 'F'ree, 'H'old, 'G'o, 'C'arrier, trace '+' and '-'
 *   octets 4..7  a number that the answer repeats (big endian, as everything here); of a 'C' that of a VLAN
 *   octets 8..15 script time in nanoseconds
 *   octets 16..23 of a 'T': the longest step in milliseconds; 0 for one step
 * 'B' takes now as script time 0. 'A' sets the guest's clock to the script's and stops it there:
 * however long the harness takes, no time goes by. 'F' lets it go, for what has to wait; the next
 * 'A' takes what went by as if it had not. 'T' goes there step by step, as long as nothing is sent,
 * and answers once every timer that is due has run. Octet 1 of the answer is 1 when the clock can be
 * stopped; octets 8..15 are the guest's own time since 'B', which is ahead of the script's where it
 * cannot; octets 16..23 are the script time that was reached; both in milliseconds.
 *
 * From 'H' on, each packet that begins a connection stops where it would be confirmed, at the end of
 * INPUT and POSTROUTING, until the first 'G'. Each 'G' lets the oldest of them go on to its end. So they
 * meet as packets on several processors do, or packets that wait in an NFQUEUE. What is held is shown: a
 * message 'P' has the index of the interface by which it is to leave (octets 4..7; 0 where it is to be
 * delivered), and behind it the packet.
 *
 * While packets are held or traced, each that begins a connection is shown behind either kind of NAT as it
 * has become by then, whether it gets any further or not: a message 'N' has its protocol (octet 1), its
 * source and destination address (octets 4..11), and its ports (octets 12..15; of ICMP the identifier comes first).
 * Octet 2 is 1 behind source NAT and 0 behind destination NAT.
 *
 * 'C' takes the carrier away from the VLAN, or gives it back where octet 1 is 1. A VLAN has that of the trunk
 * again whenever it is set up (vlan_dev_open).
 *
 * While packets are traced, the harness's listener to nf_tables' traces (nfnetlink.c) also gets a message
 * where a packet's walk through the rules of a hook begins, and where it ends: nf_tables traces a rule when its
 * target has acted, and so behind the rules of a packet which that target sent.
 *
 * nft_limit counts in monotonic time, and is given script time (`marktwin_ktime_get`; the image's module is made
 * to ask for it by that name).
 *
 * Besides, it gives fragments the room that other network cards give them.
 *
 * The clock is jiffies. Conntrack and neighbour time-outs, rate limits and retransmissions count in
 * them; wall-clock and monotonic time do not, and stay as they are but for nft_limit.
 */
#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/if_vlan.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_tables.h>
#include <net/sch_generic.h>

#define ETHERTYPE 0x88b5
#define MESSAGE_LENGTH 24

static u64 begun, stopped_at;
static bool stopped, can_stop, tracing;
static struct sk_buff *answer;
static struct hrtimer next_tick;
/* Of the 'T' that is to be answered; times in milliseconds of the script. */
static u64 reached, until, until_ns, longest_step, sent_before;
/* raise_softirq, which is not for modules; where it cannot be found, the next tick does it. */
static void (*raise)(unsigned int softirq);

/* The script's time since 'B', in nanoseconds, for nft_limit; the machine's own where time is live. */
static u64 script_ns;
static bool is_scripted;

ktime_t marktwin_ktime_get(void);

ktime_t marktwin_ktime_get(void)
{
	return is_scripted ? ns_to_ktime(script_ns) : ktime_get();
}
EXPORT_SYMBOL_GPL(marktwin_ktime_get);

/* Never back: what counts in it takes that for a long time. */
static void set_script_ns(u64 ns)
{
	script_ns = max(script_ns, ns);
}

/* Whoever counts the ticks is told that there was none. */
static int ticks_counted(struct kretprobe_instance *instance, struct pt_regs *registers)
{
	if (stopped)
		jiffies_64 = stopped_at;
	return 0;
}

static struct kretprobe ticks = {
	.handler = ticks_counted,
	.kp.symbol_name = "tick_do_update_jiffies64",
};

static u64 script_ms(void)
{
	return div_u64((get_jiffies_64() - begun) * MSEC_PER_SEC, HZ);
}

/*
 * Never back: timers that ran are not run again, and what was armed since would come late. One
 * processor, and its interrupts are off: nobody looks while the number changes.
 */
static void set_time(u64 ms)
{
	u64 time = begun + div_u64(ms * HZ, MSEC_PER_SEC);
	unsigned long flags;

	local_irq_save(flags);
	if (time > jiffies_64)
		jiffies_64 = time;
	else if (can_stop)
		begun += jiffies_64 - time;
	stopped_at = jiffies_64;
	stopped = can_stop;
	local_irq_restore(flags);
}

/* Frames that have left through the queue of the trunk. */
static u64 frames_sent(const struct net_device *dev)
{
	const struct Qdisc *queue = rcu_dereference_raw(netdev_get_tx_queue(dev, 0)->qdisc);

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
	return queue->bstats.packets;
#else
	return u64_stats_read(&queue->bstats.packets);
#endif
}

static void take_step(void);

static void work_is_done(struct work_struct *unused)
{
	struct sk_buff *skb = READ_ONCE(answer);
	__be64 now = cpu_to_be64(script_ms()), there;

	if (!skb)
		return;
	if (reached < until && can_stop && raise && frames_sent(skb->dev) == sent_before) {
		take_step();
		return;
	}
	there = cpu_to_be64(reached);
	skb = xchg(&answer, NULL);
	if (skb) {
		skb->data[ETH_HLEN + 1] = can_stop;
		memcpy(skb->data + ETH_HLEN + 8, &now, sizeof(now));
		memcpy(skb->data + ETH_HLEN + 16, &there, sizeof(there));
		dev_queue_xmit(skb);
	}
}

static DECLARE_WORK(after_work, work_is_done);

/* Behind the work that these timers have given to others (delayed_work_timer_fn). */
static void timers_have_run(struct tasklet_struct *unused)
{
	schedule_work(&after_work);
}

/* Comes after the timers of the wheel: TASKLET_SOFTIRQ is behind TIMER_SOFTIRQ. */
static DECLARE_TASKLET(after_timers, timers_have_run);

static enum hrtimer_restart tick_has_come(struct hrtimer *unused)
{
	tasklet_schedule(&after_timers);
	return HRTIMER_NORESTART;
}

/* Timers that are due run when this ends; where nobody can be told to run them, at the next tick. */
static void take_step(void)
{
	reached = longest_step ? min(reached + longest_step, until) : until;
	set_time(reached);
	set_script_ns(reached == until ? until_ns : reached * NSEC_PER_MSEC);
	local_bh_disable();
	if (raise) {
		raise(TIMER_SOFTIRQ);
		tasklet_schedule(&after_timers);
	} else {
		hrtimer_start(&next_tick, ns_to_ktime(TICK_NSEC + TICK_NSEC / 4),
			      HRTIMER_MODE_REL_SOFT);
	}
	local_bh_enable();
}

static void answer_after_timers(struct net_device *dev, const struct ethhdr *from,
				const u8 *message)
{
	struct sk_buff *skb = netdev_alloc_skb(dev, ETH_ZLEN), *old;
	struct ethhdr *header;

	if (!skb)
		return;
	header = skb_put_zero(skb, ETH_ZLEN);
	memcpy(header->h_dest, from->h_source, ETH_ALEN);
	memcpy(header->h_source, dev->dev_addr, ETH_ALEN);
	header->h_proto = htons(ETHERTYPE);
	memcpy(skb->data + ETH_HLEN, message, MESSAGE_LENGTH);
	skb_reset_mac_header(skb);
	skb->protocol = htons(ETHERTYPE);
	old = xchg(&answer, skb);
	if (old)
		kfree_skb(old);
	sent_before = frames_sent(dev);
	take_step();
}

#define DAYS(n) ((n) * 24u * 60 * 60 * HZ)

/*
 * A router is up for days, not for minutes, and not for a hundred days, when 32 bits of jiffies turn
 * negative: conntrack takes how long an entry is to live for a moment until it is confirmed
 * (nf_ct_expires), so what a new one shows depends on that.
 */
static u32 until_it_is_old_enough(u64 now)
{
	u32 up = now;

	return up < DAYS(6) || up > DAYS(80) ? DAYS(6) - up : 0;
}

/* More than any scenario has; what comes then is not held. */
#define MOST_HELD 16

static struct held {
	struct sk_buff *skb;
	struct nf_hook_state state;
} held[MOST_HELD];
static unsigned int held_count;
static bool holding;
/* From where and by whom 'H' or '+' came. */
static struct net_device *shown_on;
static u8 shown_to[ETH_ALEN];

static void show_to(struct net_device *dev, const struct ethhdr *from)
{
	shown_on = dev;
	memcpy(shown_to, from->h_source, ETH_ALEN);
}

/* A message for the harness with room for so many octets behind it; its first octet says what it is. */
static struct sk_buff *message_of(char what, unsigned int octets)
{
	unsigned int length = ETH_HLEN + MESSAGE_LENGTH + octets;
	struct sk_buff *skb = netdev_alloc_skb(shown_on, max_t(unsigned int, length, ETH_ZLEN));
	struct ethhdr *header;

	if (!skb)
		return NULL;
	header = skb_put_zero(skb, max_t(unsigned int, length, ETH_ZLEN));
	memcpy(header->h_dest, shown_to, ETH_ALEN);
	memcpy(header->h_source, shown_on->dev_addr, ETH_ALEN);
	header->h_proto = htons(ETHERTYPE);
	skb_reset_mac_header(skb);
	skb->protocol = htons(ETHERTYPE);
	skb->data[ETH_HLEN] = what;
	return skb;
}

/* A copy for the harness. */
static void show_held(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sk_buff *copy = message_of('P', skb->len);
	__be32 out = cpu_to_be32(state->out ? state->out->ifindex : 0);
	u8 *message;

	if (!copy)
		return;
	message = copy->data + ETH_HLEN;
	memcpy(message + 4, &out, sizeof(out));
	if (skb_copy_bits(skb, 0, message + MESSAGE_LENGTH, skb->len)) {
		kfree_skb(copy);
		return;
	}
	dev_queue_xmit(copy);
}

/* The connection that a packet begins; NULL where it begins none. */
static struct nf_conn *begun_by(const struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	struct nf_conn *connection = nf_ct_get(skb, &info);

	if (!connection || nf_ct_is_confirmed(connection) || CTINFO2DIR(info) != IP_CT_DIR_ORIGINAL)
		return NULL;
	return connection;
}

/* What replies are expected to come from and to go to says how the packet goes on (nf_nat_setup_info). */
static unsigned int show_nat(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	bool is_source = state->hook == NF_INET_LOCAL_IN || state->hook == NF_INET_POST_ROUTING;
	const struct nf_conntrack_tuple *reply;
	struct nf_conn *connection;
	struct sk_buff *shown;
	u8 *message;

	if (!tracing && !holding)
		return NF_ACCEPT;
	connection = begun_by(skb);
	shown = connection ? message_of('N', 0) : NULL;
	if (!shown)
		return NF_ACCEPT;
	reply = nf_ct_tuple(connection, IP_CT_DIR_REPLY);
	message = shown->data + ETH_HLEN;
	message[1] = reply->dst.protonum;
	message[2] = is_source;
	memcpy(message + 4, &reply->dst.u3.ip, 4);
	memcpy(message + 8, &reply->src.u3.ip, 4);
	if (reply->dst.protonum == IPPROTO_ICMP) {
		memcpy(message + 12, &reply->src.u.icmp.id, 2);
	} else {
		memcpy(message + 12, &reply->dst.u.all, 2);
		memcpy(message + 14, &reply->src.u.all, 2);
	}
	dev_queue_xmit(shown);
	return NF_ACCEPT;
}

/* Behind all that translates, and before nf_confirm. */
static unsigned int hold(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (!holding || held_count == MOST_HELD || !begun_by(skb))
		return NF_ACCEPT;
	if (skb_dst(skb) && !skb_dst_force(skb))
		return NF_DROP;
	show_held(skb, state);
	held[held_count].skb = skb;
	held[held_count].state = *state;
	held_count++;
	return NF_STOLEN;
}

/* The functions that stand behind `hold`, and then the rest of the way (nf_reinject). */
static void go_on(struct held *one)
{
	struct nf_hook_state *state = &one->state;
	const struct nf_hook_entries *entries =
		rcu_dereference(state->net->nf.hooks_ipv4[state->hook]);
	unsigned int next = 0;

	while (entries && next < entries->num_hook_entries && entries->hooks[next].hook != hold)
		next++;
	if (!entries || next == entries->num_hook_entries)
		kfree_skb(one->skb);
	else if (nf_hook_slow(one->skb, state, entries, next + 1) == 1)
		state->okfn(state->net, state->sk, one->skb);
}

static void let_one_go(void)
{
	struct held oldest = held[0];

	holding = false;
	if (!held_count)
		return;
	held_count--;
	memmove(held, held + 1, held_count * sizeof(*held));
	go_on(&oldest);
}

static void forget_held(struct net *net)
{
	unsigned int index, kept = 0;

	for (index = 0; index < held_count; index++)
		if (net_eq(held[index].state.net, net))
			kfree_skb(held[index].skb);
		else
			held[kept++] = held[index];
	held_count = kept;
}

static void set_carrier(struct net_device *trunk, u16 vlan, bool is_there)
{
	struct net_device *dev = __vlan_find_dev_deep_rcu(trunk, htons(ETH_P_8021Q), vlan);

	if (!dev || !netif_running(dev))
		return;
	if (is_there)
		netif_carrier_on(dev);
	else
		netif_carrier_off(dev);
}

static int receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type,
		   struct net_device *original)
{
	u8 message[MESSAGE_LENGTH];
	__be64 time, step;
	__be32 number;

	if (skb_copy_bits(skb, 0, message, sizeof(message)))
		goto done;
	memcpy(&number, message + 4, sizeof(number));
	memcpy(&time, message + 8, sizeof(time));
	memcpy(&step, message + 16, sizeof(step));
	switch (message[0]) {
	case 'B':
		stopped = false;
		/* What the machine allows itself a second of, it has all of again (icmp_global_allow). */
		jiffies_64 += 10 * HZ;
		jiffies_64 += until_it_is_old_enough(jiffies_64);
		begun = jiffies_64;
		is_scripted = true;
		script_ns = 0;
		reached = 0;
		break;
	case 'A':
		reached = div_u64(be64_to_cpu(time), NSEC_PER_MSEC);
		set_time(reached);
		set_script_ns(be64_to_cpu(time));
		break;
	case 'F':
		stopped = false;
		break;
	case 'T':
		until_ns = be64_to_cpu(time);
		until = div_u64(until_ns, NSEC_PER_MSEC);
		longest_step = be64_to_cpu(step);
		answer_after_timers(dev, eth_hdr(skb), message);
		break;
	case 'H':
		show_to(dev, eth_hdr(skb));
		holding = true;
		break;
	case 'G':
		let_one_go();
		break;
	case 'C':
		set_carrier(dev, be32_to_cpu(number), message[1] == 1);
		break;
	case '+':
		/* Whoever reads the log sees where this trace begins, and whether its beginning is still there. */
		pr_info("marktwin: trace begins\n");
		show_to(dev, eth_hdr(skb));
		tracing = true;
		break;
	case '-':
		tracing = false;
		break;
	}
done:
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type messages __read_mostly = {
	.type = cpu_to_be16(ETHERTYPE),
	.func = receive,
};

/*
 * Network cards leave room in front of what they receive, this one hardly any. Without it, fragments
 * that were put together are cut anew instead of going on as they came (ip_do_fragment).
 */
static unsigned int make_room(void *unused, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if (ip_is_fragment(ip_hdr(skb)) && skb_headroom(skb) < NET_SKB_PAD &&
	    pskb_expand_head(skb, NET_SKB_PAD, 0, GFP_ATOMIC))
		return NF_DROP;
	return NF_ACCEPT;
}

static unsigned int mark_for_trace(void *unused, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	if (tracing)
		skb->nf_trace = 1;
	return NF_ACCEPT;
}

/* Types of messages that nf_tables has none of. */
#define WALK_BEGINS 0xfe
#define WALK_ENDS 0xff

/* To whoever listens to nf_tables' traces, in one stream with them. */
static void tell_of_walk(struct net *net, u8 what)
{
	u16 type = nfnl_msg_type(NFNL_SUBSYS_NFTABLES, what);
	struct sk_buff *skb;
	struct nlmsghdr *header;
	struct nfgenmsg *about;

	if (!nfnetlink_has_listeners(net, NFNLGRP_NFTRACE))
		return;
	skb = nlmsg_new(sizeof(struct nfgenmsg), GFP_ATOMIC);
	header = skb ? nlmsg_put(skb, 0, 0, type, sizeof(struct nfgenmsg), 0) : NULL;
	if (!header) {
		kfree_skb(skb);
		return;
	}
	about = nlmsg_data(header);
	memset(about, 0, sizeof(*about));
	about->nfgen_family = AF_INET;
	about->version = NFNETLINK_V0;
	nlmsg_end(skb, header);
	nfnetlink_send(skb, net, 0, NFNLGRP_NFTRACE, 0, GFP_ATOMIC);
}

/* Of nft_do_chain: the namespace is kept for its end. Another value than 0, and nobody is told of that. */
static int walk_begins(struct kretprobe_instance *instance, struct pt_regs *registers)
{
	const struct nft_pktinfo *packet = (void *)regs_get_kernel_argument(registers, 0);
	struct net *net = nft_net(packet);

	if (!tracing)
		return 1;
	*(struct net **)instance->data = net;
	tell_of_walk(net, WALK_BEGINS);
	return 0;
}

static int walk_ends(struct kretprobe_instance *instance, struct pt_regs *registers)
{
	tell_of_walk(*(struct net **)instance->data, WALK_ENDS);
	return 0;
}

static struct kretprobe walks = {
	.entry_handler = walk_begins,
	.handler = walk_ends,
	.data_size = sizeof(struct net *),
	.kp.symbol_name = "nft_do_chain",
};
static bool knows_walks;

/* nf_tables comes when the first rule is written for it. */
static int module_has_come(struct notifier_block *unused, unsigned long event, void *data)
{
	const struct module *which = data;

	if (event == MODULE_STATE_LIVE && !strcmp(which->name, "nf_tables"))
		knows_walks = register_kretprobe(&walks) == 0;
	return NOTIFY_DONE;
}

static struct notifier_block modules_come = {
	.notifier_call = module_has_come,
};

/* Before any table, raw among them; behind NAT; and behind all but the end of connection tracking. */
static const struct nf_hook_ops hooks[] = {
	{
		.hook = make_room,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - 1,
	},
	{
		.hook = mark_for_trace,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - 1,
	},
	{
		.hook = mark_for_trace,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - 1,
	},
	{
		.hook = show_nat,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_NAT_DST + 1,
	},
	{
		.hook = show_nat,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_NAT_DST + 1,
	},
	{
		.hook = show_nat,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_NAT_SRC + 1,
	},
	{
		.hook = show_nat,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC + 1,
	},
	{
		.hook = hold,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
	{
		.hook = hold,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
};

static int __net_init enter(struct net *net)
{
	return nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

static void __net_exit leave(struct net *net)
{
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	forget_held(net);
}

static struct pernet_operations namespaces = {
	.init = enter,
	.exit = leave,
};

/* A probe knows where its function is. */
static void *find(const char *function)
{
	struct kprobe probe = { .symbol_name = function };

	if (register_kprobe(&probe))
		return NULL;
	unregister_kprobe(&probe);
	return probe.addr;
}

static int __init start(void)
{
	int failed = register_pernet_subsys(&namespaces);

	if (failed)
		return failed;
	raise = find("raise_softirq");
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(&next_tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	next_tick.function = tick_has_come;
#else
	hrtimer_setup(&next_tick, tick_has_come, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
#endif
	can_stop = register_kretprobe(&ticks) == 0;
	register_module_notifier(&modules_come);
	begun = get_jiffies_64();
	dev_add_pack(&messages);
	return 0;
}

static void __exit stop(void)
{
	dev_remove_pack(&messages);
	unregister_module_notifier(&modules_come);
	if (knows_walks)
		unregister_kretprobe(&walks);
	stopped = false;
	if (can_stop)
		unregister_kretprobe(&ticks);
	hrtimer_cancel(&next_tick);
	tasklet_kill(&after_timers);
	cancel_work_sync(&after_work);
	kfree_skb(answer);
	unregister_pernet_subsys(&namespaces);
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Time and tracing for marktwin's harness");
MODULE_LICENSE("Dual MIT/GPL");
