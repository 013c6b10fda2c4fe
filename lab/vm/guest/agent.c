/*
 * The guest's first process: brings the machine up and then does what the harness asks for over a
 * virtio serial port. As /sbin/modprobe it loads modules for the kernel.
 *
 * request: operation(1) length(4) payload        numbers are big endian
 * answer:  status(4) length(4) length(4) output errors
 *
 *   'x'  u32 number of words, each ended by a zero octet, then what goes to standard input: run it
 *   'r'  path: contents of the file                  status is an errno
 *   'w'  path, zero octet, data: one write()         status is an errno
 *   'n'  into a new network namespace
 *   'f'  back to the one that the machine started with; a new one is gone when nothing is left in it
 *   'g'  as 'w', but in the namespace that the machine started with
 *   'G'  as 'r', but there
 *   'l'  netlink messages, each asking for an acknowledgement: status is the first errno
 *   'L'  the same for the namespace that the machine started with
 *   'k'  what the kernel said since it was last asked
 *   'm'  messages of nf_tables' traces in this namespace since it was last asked: from the first time on;
 *        status is an errno
 *   'D'  a message of nfnetlink's that asks for a dump: what is answered   status is an errno
 *   't'  u64 ms since 1970: set the clock
 *   's'  closes all ports of 'P'
 *   'P'  protocol(1) state(1) port(2) address(4) user(4) group(4) of each: in this namespace, 0 closes the
 *        port, 1 holds it open, and 2 has a program there that takes connections and closes them when its
 *        peer does; status is an errno
 *   'd'  IP packets, end to end: what of TCP, UDP and ICMP was delivered to any port since it was last
 *        asked, or since the first port was opened
 *   'o'  an IP packet: sent from here, as it is      status is an errno
 *   'O'  u32 user, u32 group, IP packet: the same by a program of theirs that is bound to its source
 *        address
 *   'p'  anything: the output is the same
 *
 * With `marktwin.stay` on the kernel's command line the machine outlives its harness: whoever connects
 * next begins with a 'p', and drops what comes before its answer. Then there is a second port, for a
 * second one who asks at the same time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "agent.h"

#define TRUNK "trunk"
#define MODULES "/lib/marktwin/modules"

static int port = -1, kernel_log = -1, first_namespace = -1, namespace = -1;
static int netlink_handle = -1, first_netlink_handle = -1;
static int stays, port_number = 1;
static jmp_buf next_request;

void append(struct buffer *to, const void *data, size_t length)
{
	if (to->length + length > to->room) {
		to->room = 2 * (to->length + length) + 4096;
		to->data = realloc(to->data, to->room);
		if (!to->data)
			_exit(1);
	}
	memcpy(to->data + to->length, data, length);
	to->length += length;
}

/* The harness has let go of the port: nobody needs this machine any more, unless it is to stay. */
static void give_up(void)
{
	struct pollfd waiting = { .fd = port, .events = POLLIN };

	if (stays && port >= 0) {
		/* Half a request is none. */
		poll(&waiting, 1, 100);
		usleep(1000);
		longjmp(next_request, 1);
	}
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void receive(void *into, size_t length)
{
	for (char *at = into; length > 0;) {
		ssize_t got = read(port, at, length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			give_up();
		at += got;
		length -= got;
	}
}

static void transmit(const void *data, size_t length)
{
	for (const char *at = data; length > 0;) {
		ssize_t put = write(port, at, length);
		if (put < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (put <= 0)
			give_up();
		at += put;
		length -= put;
	}
}

int read_all(int file, struct buffer *into)
{
	char chunk[65536];
	ssize_t got;

	while ((got = read(file, chunk, sizeof(chunk))) > 0)
		append(into, chunk, got);
	return got < 0 ? errno : 0;
}

static int slurp(const char *path, struct buffer *into)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), failed;

	if (file < 0)
		return errno;
	failed = read_all(file, into);
	close(file);
	return failed;
}

/* One write(), as `echo` does it: files in /proc look at each by itself. */
static int write_once(const char *path, const char *data, size_t length)
{
	int file = open(path, O_WRONLY | O_CLOEXEC), failed = 0;

	if (file < 0)
		return errno;
	if (write(file, data, length) < 0)
		failed = errno;
	close(file);
	return failed;
}

static void put(const char *path, const char *text)
{
	if (write_once(path, text, strlen(text)))
		perror(path);
}

static int load_module(const char *path, const char *options, int flags)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), failed;

	if (file < 0)
		return errno;
	failed = syscall(SYS_finit_module, file, options, flags) ? errno : 0;
	close(file);
	return failed == EEXIST ? 0 : failed;
}

/* Lines of MODULES: a name or an alias, and files in the order in which they have to be loaded. */
static int modprobe(const char *name)
{
	static char line[8192];
	FILE *list = fopen(MODULES, "re");
	int failed = ENOENT;

	while (list && failed == ENOENT && fgets(line, sizeof(line), list)) {
		char *rest = line, *word = strsep(&rest, " \n");
		if (strcmp(word, name))
			continue;
		failed = 0;
		while (!failed && (word = strsep(&rest, " \n")) && *word) {
			const char *options = "";
			int flags = 0;
			if (strstr(word, "/nf_conntrack.ko"))
				options = "hashsize=262144";
			/* Asks for a function of our own, of which it knows no version. */
			if (strstr(word, "/nft_limit.ko"))
				flags = MODULE_INIT_IGNORE_MODVERSIONS;
			failed = load_module(word, options, flags);
		}
	}
	if (list)
		fclose(list);
	return failed;
}

static void set_up_trunk(void)
{
	static const uint32_t off[] = { ETHTOOL_SGRO, ETHTOOL_SGSO, ETHTOOL_STSO, ETHTOOL_SRXCSUM,
					ETHTOOL_STXCSUM };
	int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "eth0" };

	strcpy(request.ifr_newname, TRUNK);
	if (ioctl(handle, SIOCSIFNAME, &request))
		perror("rename eth0");
	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++) {
		struct ethtool_value value = { .cmd = off[i] };
		memset(&request, 0, sizeof(request));
		strcpy(request.ifr_name, TRUNK);
		request.ifr_data = (void *)&value;
		ioctl(handle, SIOCETHTOOL, &request);
	}
	close(handle);
}

static int open_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static int is_told(const char *word)
{
	struct buffer line = { 0 };
	int told;

	slurp("/proc/cmdline", &line);
	append(&line, "", 1);
	told = strstr(line.data, word) != NULL;
	free(line.data);
	return told;
}

static int open_port(void)
{
	for (int tries = 0; tries < 4000; tries++) {
		for (int i = 0; i < 8; i++) {
			char path[32];
			snprintf(path, sizeof(path), "/dev/vport%dp%d", i, port_number);
			port = open(path, O_RDWR | O_CLOEXEC);
			if (port >= 0)
				return 0;
		}
		usleep(5000);
	}
	return errno;
}

static void start_machine(void)
{
	static const struct rlimit files = { MOST_PORTS + 256, MOST_PORTS + 256 };

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LANG", "C", 1);
	setenv("HOME", "/", 1);
	if (modprobe("at-boot"))
		perror("modules");
	/* A queue per class of service would let packets overtake each other. */
	put("/proc/sys/net/core/default_qdisc", "pfifo");
	/* Of a machine with more than 4 GB (nf_conntrack_init_start), however much this one has. */
	put("/proc/sys/net/netfilter/nf_conntrack_max", "262144");
	setrlimit(RLIMIT_NOFILE, &files);
	set_up_trunk();
	first_namespace = namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	stays = is_told("marktwin.stay");
	/* In parallel from here on: settings and programs are the kernel's to keep apart. */
	if (stays && fork() == 0)
		port_number = 2;
	open_streams(port_number);
	netlink_handle = first_netlink_handle = open_netlink();
	if (port_number == 1)
		start_programs();
	if (open_port())
		give_up();
	if (!stays)
		transmit("READY\n", 6);
}

static uint32_t netlink(int handle, const char *messages, size_t length)
{
	char answers[8192];
	uint32_t failed = 0, waiting = 0;

	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= length; waiting++)
		at += NLMSG_ALIGN(((const struct nlmsghdr *)(messages + at))->nlmsg_len);
	if (send(handle, messages, length, 0) < 0)
		return errno;
	while (waiting > 0) {
		int got = recv(handle, answers, sizeof(answers), 0);
		struct nlmsghdr *header = (struct nlmsghdr *)answers;
		if (got < 0)
			return errno;
		for (; got > 0 && NLMSG_OK(header, got); header = NLMSG_NEXT(header, got)) {
			if (header->nlmsg_type != NLMSG_ERROR)
				continue;
			waiting--;
			if (!failed)
				failed = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
		}
	}
	return failed;
}

/* Nothing of ours is left in the namespace that we leave but open ports. */
static uint32_t enter_namespace(int entered)
{
	if (namespace != first_namespace) {
		close(namespace);
		close(netlink_handle);
	}
	stop_listening();
	namespace = entered;
	netlink_handle = entered == first_namespace ? first_netlink_handle : open_netlink();
	return 0;
}

static uint32_t new_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		return errno;
	return enter_namespace(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
}

static uint32_t first_namespace_again(void)
{
	if (setns(first_namespace, CLONE_NEWNET))
		return errno;
	return enter_namespace(first_namespace);
}

static uint32_t read_kernel_log(struct buffer *into)
{
	char record[8192];

	for (;;) {
		ssize_t got = read(kernel_log, record, sizeof(record) - 1);
		char *text, *end;
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			return 0;
		record[got] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		end = strchr(text, '\n');
		append(into, text + 1, end ? (size_t)(end - text) : strlen(text + 1));
	}
}

static uint32_t set_clock(const char *payload)
{
	uint64_t ms;
	memcpy(&ms, payload, 8);
	ms = be64toh(ms);
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	return clock_settime(CLOCK_REALTIME, &time) ? errno : 0;
}

static void serve(void)
{
	struct buffer output = { 0 }, errors = { 0 };

	setjmp(next_request);
	for (;;) {
		uint32_t length, answer[3], status = 0;
		char operation, *payload, *data;

		receive(&operation, 1);
		receive(&length, 4);
		length = ntohl(length);
		payload = malloc(length + 1);
		if (!payload)
			_exit(1);
		receive(payload, length);
		payload[length] = 0;
		data = payload + strlen(payload) + 1;
		output.length = errors.length = 0;
		if (operation == 'g' || operation == 'G')
			setns(first_namespace, CLONE_NEWNET);
		switch (operation) {
		case 'x':
			status = run(payload, length, &output, &errors);
			break;
		case 'r':
		case 'G':
			status = slurp(payload, &output);
			break;
		case 'w':
		case 'g':
			status = write_once(payload, data, payload + length - data);
			break;
		case 'n':
			status = new_namespace();
			break;
		case 'f':
			status = first_namespace_again();
			break;
		case 'l':
			status = netlink(netlink_handle, payload, length);
			break;
		case 'L':
			status = netlink(first_netlink_handle, payload, length);
			break;
		case 'k':
			status = read_kernel_log(&output);
			break;
		case 'm':
			status = read_traces(&output);
			break;
		case 'D':
			status = dump(payload, length, &output);
			break;
		case 't':
			status = set_clock(payload);
			break;
		case 's':
			status = close_ports();
			break;
		case 'P':
			status = set_ports(payload, length);
			break;
		case 'd':
			read_delivered(&output);
			break;
		case 'o':
			status = send_packet(payload, length, 0);
			break;
		case 'O':
			status = send_as(payload, length);
			break;
		case 'p':
			append(&output, payload, length);
			break;
		default:
			status = ENOSYS;
		}
		if (operation == 'g' || operation == 'G')
			setns(namespace, CLONE_NEWNET);
		free(payload);
		answer[0] = htonl(status);
		answer[1] = htonl(output.length);
		answer[2] = htonl(errors.length);
		transmit(answer, sizeof(answer));
		transmit(output.data, output.length);
		transmit(errors.data, errors.length);
	}
}

int main(int count, char **words)
{
	if (getpid() != 1)
		return modprobe(words[count - 1]) ? 1 : 0;
	start_machine();
	serve();
}
