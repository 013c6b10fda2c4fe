/*
 * Sends TCP segments by AF_PACKET, and says what that took: of many connections, one segment each, as often as is said.
 * What a veth pair passes on is dealt with while it is sent, so the time counts for the sender.
 *
 *   packet-sender INTERFACE MAC SOURCE PORT DESTINATION PORT FLAGS SEQ ACK VARYING FROM TO TIMES
 *
 * VARYING is "source" or "destination": the end that differs from connection to connection. Connection n has port
 * PORT + n % 20,000 there, and the address n / 20,000 behind its first one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 54, BATCH = 64, PORTS_EACH = 20000 };

static void put16(uint8_t *at, uint32_t value) { at[0] = value >> 8; at[1] = value; }
static void put32(uint8_t *at, uint32_t value) { put16(at, value >> 16); put16(at + 2, value & 0xffff); }

static uint32_t sum(const uint8_t *at, int octets, uint32_t start) {
	for (int i = 0; i < octets; i += 2) start += (at[i] << 8) | at[i + 1];
	return start;
}

static uint16_t folded(uint32_t total) {
	while (total >> 16) total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static double cpu_seconds(void) {
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what) { perror(what); exit(1); }

int main(int count, char **words) {
	if (count != 14) { fprintf(stderr, "packet-sender: 13 words, see its first lines\n"); return 2; }
	int device = if_nametoindex(words[1]);
	if (device == 0) fail(words[1]);
	uint8_t mac[6];
	if (sscanf(words[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) return 2;
	uint32_t source = ntohl(inet_addr(words[3])), destination = ntohl(inet_addr(words[5]));
	int source_port = atoi(words[4]), destination_port = atoi(words[6]);
	int flags = atoi(words[7]);
	uint32_t seq = atoi(words[8]), ack = atoi(words[9]);
	int varies_source = strcmp(words[10], "source") == 0;
	long from = atol(words[11]), to = atol(words[12]), times = atol(words[13]);

	uint8_t *frames = calloc(to - from, FRAME);
	if (frames == NULL) fail("memory");
	for (long n = from; n < to; n++) {
		uint8_t *frame = frames + (n - from) * FRAME, *ip = frame + 14, *tcp = ip + 20;
		uint32_t address = n / PORTS_EACH, port = n % PORTS_EACH;
		memcpy(frame, mac, 6);
		frame[6] = 2;
		put16(frame + 12, ETHERTYPE_IP);
		ip[0] = 0x45;
		put16(ip + 2, 40);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = 6;
		put32(ip + 12, source + (varies_source ? address : 0));
		put32(ip + 16, destination + (varies_source ? 0 : address));
		put16(ip + 10, folded(sum(ip, 20, 0)));
		put16(tcp, source_port + (varies_source ? port : 0));
		put16(tcp + 2, destination_port + (varies_source ? 0 : port));
		put32(tcp + 4, seq);
		put32(tcp + 8, ack);
		tcp[12] = 0x50;
		tcp[13] = flags;
		put16(tcp + 14, 64240);
		put16(tcp + 16, folded(sum(tcp, 20, sum(ip + 12, 8, 6 + 20))));
	}

	int link = socket(AF_PACKET, SOCK_RAW, 0);
	if (link < 0) fail("socket");
	struct sockaddr_ll to_link = { .sll_family = AF_PACKET, .sll_ifindex = device, .sll_protocol = htons(ETH_P_IP) };
	if (bind(link, (struct sockaddr *)&to_link, sizeof to_link) < 0) fail("bind");
	static struct mmsghdr batch[BATCH];
	static struct iovec parts[BATCH];
	for (int i = 0; i < BATCH; i++) {
		parts[i].iov_len = FRAME;
		batch[i].msg_hdr.msg_iov = &parts[i];
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	double begun = cpu_seconds();
	long sent = 0;
	for (long time = 0; time < times; time++)
		for (long n = 0; n < to - from;) {
			int some = to - from - n < BATCH ? to - from - n : BATCH;
			for (int i = 0; i < some; i++) parts[i].iov_base = frames + (n + i) * FRAME;
			int done = sendmmsg(link, batch, some, 0);
			if (done < 0 && errno != ENOBUFS) fail("sendmmsg");
			if (done > 0) { n += done; sent += done; }
		}
	printf("{\"sent\":%ld,\"cpuSeconds\":%.6f}\n", sent, cpu_seconds() - begun);
	return 0;
}
