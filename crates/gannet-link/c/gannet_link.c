/* See gannet_link.h. */
#include "gannet_link.h"

#include <string.h>

enum {
    HELLO = 0x01,
    RUN = 0x02,
    STATISTICS = 0x03,
    PART = 0x04,
    RUN_PARTS = 0x05,
    RUN_UNTIL = 0x06,
    TIME_STAGES = 0x07,
    SELF_TEST = 0x08,
    IDENTITY = 0x81,
    OUTPUT = 0x82,
    COUNTED = 0x83,
    KEPT = 0x84,
    PARTS_OUTPUT = 0x85,
    MEMORY_BEHIND = 0x86,
    STAGE_TICKS = 0x87,
    SELF_TESTED = 0x88,
    REFUSED = 0xFF
};

enum { DAMAGED = 1, OTHER_VERSION = 2, UNKNOWN_KIND = 3, WRONG_LENGTH = 4, OTHER_INPUT = 5 };

#define HEADER_BYTES 4u
#define INDEX_BYTES 4u
#define CRC_BYTES 4u
#define LONGEST_RUN 254u
#define CAN_STATISTICS 1u
#define CAN_PARTS 2u
#define CAN_INSIGHT 4u
#define TAKES_ROWS 8u

static const uint8_t no_tag[2] = { 0, 0 };

/* CRC-32/ISO-HDLC over four bits at a time: polynomial 0x04C11DB7, reflected. */
static uint32_t crc_push(uint32_t crc, uint8_t byte) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C
    };
    crc ^= byte;
    crc = table[crc & 15u] ^ (crc >> 4);
    return table[crc & 15u] ^ (crc >> 4);
}

/* What the CRC's state is once a message and its own CRC have gone through. */
#define CRC_INTACT 0xDEBB20E3u

static uint32_t get_u32(const uint8_t *place) {
    return (uint32_t)place[0] | ((uint32_t)place[1] << 8) | ((uint32_t)place[2] << 16) |
           ((uint32_t)place[3] << 24);
}

static void put_u32(uint8_t *place, uint32_t value) {
    place[0] = (uint8_t)value;
    place[1] = (uint8_t)(value >> 8);
    place[2] = (uint8_t)(value >> 16);
    place[3] = (uint8_t)(value >> 24);
}

/* Bytes that lie anywhere. */
typedef struct {
    const uint8_t *bytes;
    uint32_t len;
} piece;

/* A frame before it is stuffed: header, body and CRC in pieces, ended by one without bytes. */
#define MOST_PIECES 8
typedef struct {
    const piece *pieces;
    uint32_t at;
} cursor;

/* The next byte, or -1 behind the last. */
static int next(cursor *from) {
    while (from->pieces->bytes != 0) {
        if (from->at < from->pieces->len) {
            return from->pieces->bytes[from->at++];
        }
        from->pieces++;
        from->at = 0;
    }
    return -1;
}

/* Sends a frame: consistent overhead byte stuffing between two zeros. The encoder looks ahead
 * where the bytes lie and copies none. */
static void send_stuffed(const gannet_link_device *device, const piece *pieces) {
    cursor here;
    here.pieces = pieces;
    here.at = 0;
    device->write(device->context, 0);
    for (;;) {
        cursor ahead = here;
        uint8_t run = 0;
        int stop = -1;
        while (run < LONGEST_RUN) {
            stop = next(&ahead);
            if (stop <= 0) {
                break;
            }
            run++;
        }
        device->write(device->context, (uint8_t)(run + 1u));
        for (uint8_t i = 0; i < run; i++) {
            device->write(device->context, (uint8_t)next(&here));
        }
        if (stop == 0) {
            (void)next(&here); /* the code byte alone tells of it */
        } else {
            cursor rest = here;
            if (next(&rest) < 0) {
                break;
            }
        }
    }
    device->write(device->context, 0);
}

static void reply(const gannet_link_device *device, uint8_t kind, const uint8_t *tag,
                  const piece *body, int pieces_of_body) {
    uint8_t header[HEADER_BYTES];
    uint8_t crc[CRC_BYTES];
    piece pieces[MOST_PIECES];
    cursor all;
    uint32_t state = UINT32_MAX;
    int count = 0;
    int byte;
    header[0] = GANNET_LINK_PROTOCOL;
    header[1] = kind;
    header[2] = tag[0];
    header[3] = tag[1];
    pieces[count].bytes = header;
    pieces[count++].len = HEADER_BYTES;
    for (int i = 0; i < pieces_of_body; i++) {
        pieces[count++] = body[i];
    }
    pieces[count].bytes = 0;
    all.pieces = pieces;
    all.at = 0;
    while ((byte = next(&all)) >= 0) {
        state = crc_push(state, (uint8_t)byte);
    }
    put_u32(crc, ~state);
    pieces[count].bytes = crc;
    pieces[count++].len = CRC_BYTES;
    pieces[count].bytes = 0;
    send_stuffed(device, pieces);
}

static void refuse(const gannet_link_device *device, const uint8_t *tag, uint8_t reason,
                   uint8_t kind, uint32_t expected, uint32_t got) {
    uint8_t body[12] = { 0 };
    piece all;
    body[0] = reason;
    body[1] = kind;
    put_u32(body + 4, expected);
    put_u32(body + 8, got);
    all.bytes = body;
    all.len = sizeof body;
    reply(device, REFUSED, tag, &all, 1);
}

/* A text with its length before it, in two pieces. */
static void text(piece *pieces, const char *bytes, uint8_t *length) {
    const char *const end = (const char *)memchr(bytes, 0, 255);
    *length = (end != 0) ? (uint8_t)(end - bytes) : 255u;
    pieces[0].bytes = length;
    pieces[0].len = 1;
    pieces[1].bytes = (const uint8_t *)bytes;
    pieces[1].len = *length;
}

static void tell_identity(const gannet_link_device *device, const uint8_t *tag) {
    uint8_t fixed[28] = { 0 };
    uint8_t lengths[2];
    piece pieces[5];
    fixed[0] = device->window;
    fixed[1] = device->input_type;
    fixed[2] = device->output_type;
    memcpy(fixed + 4, device->hash, 8);
    put_u32(fixed + 12, device->input_bytes);
    put_u32(fixed + 16, device->output_bytes);
    put_u32(fixed + 20, device->ticks_per_second);
    put_u32(fixed + 24, CAN_STATISTICS | CAN_PARTS | ((device->run_until != 0) ? CAN_INSIGHT : 0u) |
                            ((device->row_bytes != 0u) ? TAKES_ROWS : 0u));
    pieces[0].bytes = fixed;
    pieces[0].len = sizeof fixed;
    text(pieces + 1, device->network, &lengths[0]);
    text(pieces + 3, device->board, &lengths[1]);
    reply(device, IDENTITY, tag, pieces, 5);
}

static void run(const gannet_link_device *device, uint8_t kind, const uint8_t *tag,
                const uint8_t *index) {
    uint8_t head[12];
    piece pieces[2];
    uint64_t ticks = 0;
    pieces[1].bytes = device->run(device->context, &ticks);
    pieces[1].len = device->output_bytes;
    memcpy(head, index, INDEX_BYTES);
    put_u32(head + 4, (uint32_t)ticks);
    put_u32(head + 8, (uint32_t)(ticks >> 32));
    pieces[0].bytes = head;
    pieces[0].len = sizeof head;
    reply(device, kind, tag, pieces, 2);
}

static void tell_statistics(const gannet_link_server *server, const gannet_link_device *device,
                            const uint8_t *tag) {
    uint8_t body[20];
    piece all;
    uint32_t peak_stack = GANNET_LINK_UNKNOWN;
    uint32_t static_ram = GANNET_LINK_UNKNOWN;
    device->memory(device->context, &peak_stack, &static_ram);
    put_u32(body, server->frames_received);
    put_u32(body + 4, server->frames_damaged);
    put_u32(body + 8, server->images_run);
    put_u32(body + 12, peak_stack);
    put_u32(body + 16, static_ram);
    all.bytes = body;
    all.len = sizeof body;
    reply(device, COUNTED, tag, &all, 1);
}

static uint32_t crc_of(const uint8_t *bytes, uint32_t len) {
    uint32_t state = UINT32_MAX;
    for (uint32_t i = 0; i < len; i++) {
        state = crc_push(state, bytes[i]);
    }
    return ~state;
}

/* Sends the stretch of the working memory that `part` asks for, behind so many runs of stages. */
static void tell_memory(const gannet_link_device *device, const uint8_t *tag, uint32_t runs,
                        const uint8_t *part) {
    uint8_t head[8];
    piece pieces[2];
    uint32_t memory_bytes = 0;
    const uint8_t *const memory = device->run_until(device->context, runs, &memory_bytes);
    const uint32_t wanted = get_u32(part + 4);
    const uint32_t place = (wanted < memory_bytes) ? wanted : memory_bytes;
    const uint32_t len = get_u32(part + 8);
    put_u32(head, crc_of(memory, memory_bytes));
    put_u32(head + 4, memory_bytes);
    pieces[0].bytes = head;
    pieces[0].len = sizeof head;
    pieces[1].bytes = memory + place;
    pieces[1].len = (len < memory_bytes - place) ? len : memory_bytes - place;
    reply(device, MEMORY_BEHIND, tag, pieces, 2);
}

static void tell_stages(const gannet_link_device *device, const uint8_t *tag) {
    piece ticks;
    ticks.bytes = device->time_stages(device->context, &ticks.len);
    reply(device, STAGE_TICKS, tag, &ticks, 1);
}

static void tell_self_test(const gannet_link_device *device, const uint8_t *tag) {
    const uint8_t passed = (uint8_t)((device->self_test(device->context) != 0) ? 1 : 0);
    piece verdict;
    verdict.bytes = &passed;
    verdict.len = 1;
    reply(device, SELF_TESTED, tag, &verdict, 1);
}

static void forget_rows(gannet_link_rows *rows) {
    memset(rows, 0, sizeof *rows);
    rows->crc = UINT32_MAX;
}

/* Takes what is new of a part of an input: each row is computed with when it is there, and what
 * comes twice is passed over. An input begins at 0, whatever came before. */
static void take_rows(gannet_link_server *server, const gannet_link_device *device, uint32_t place,
                      uint32_t len) {
    gannet_link_rows *const rows = &server->rows;
    if (place == 0u) {
        forget_rows(rows);
    }
    for (uint32_t i = rows->taken - place; i < len; i++) {
        device->input[rows->in_row++] = server->part[i];
        rows->crc = crc_push(rows->crc, server->part[i]);
        rows->taken++;
        if (rows->in_row == device->row_bytes) {
            device->push_row(device->context, rows->rows++);
            rows->in_row = 0;
        }
    }
}

/* Whether the input with this CRC is there, or has been computed with. */
static int is_complete(const gannet_link_server *server, const gannet_link_device *device,
                       uint32_t crc) {
    if (device->row_bytes != 0u) {
        return (server->rows.taken == device->input_bytes) && (~server->rows.crc == crc);
    }
    return crc_of(device->input, device->input_bytes) == crc;
}

/* Puts a part where it belongs in the input. */
static void keep(gannet_link_server *server, const gannet_link_device *device, const uint8_t *tag,
                 uint32_t place, uint32_t body_len) {
    const uint32_t len = body_len - INDEX_BYTES;
    if ((body_len <= INDEX_BYTES) || (len > GANNET_LINK_PART_BYTES)) {
        refuse(device, tag, WRONG_LENGTH, PART, INDEX_BYTES + GANNET_LINK_PART_BYTES, body_len);
    } else if ((place > device->input_bytes) || (len > device->input_bytes - place)) {
        const uint32_t end = (place > UINT32_MAX - len) ? UINT32_MAX : place + len;
        refuse(device, tag, WRONG_LENGTH, PART, device->input_bytes, end);
    } else if ((device->row_bytes != 0u) && (place > server->rows.taken)) {
        refuse(device, tag, OTHER_INPUT, PART, 0, 0);
    } else {
        if (device->row_bytes != 0u) {
            take_rows(server, device, place, len);
        } else {
            memcpy(device->input + place, server->part, len);
        }
        reply(device, KEPT, tag, 0, 0);
    }
}

static void answer(gannet_link_server *server, const gannet_link_device *device,
                   const uint8_t *start, uint32_t body_len) {
    const uint8_t kind = start[1];
    const uint8_t *const tag = start + 2;
    const uint8_t *const head = start + HEADER_BYTES;
    uint32_t expected_len = 0;
    if (start[0] != GANNET_LINK_PROTOCOL) {
        refuse(device, tag, OTHER_VERSION, kind, GANNET_LINK_PROTOCOL, start[0]);
        return;
    }
    if (kind == PART) {
        keep(server, device, tag, get_u32(head), body_len);
        return;
    }
    if (((kind >= RUN_UNTIL) && (kind <= SELF_TEST) && (device->run_until == 0)) ||
        ((kind == RUN) && (device->row_bytes != 0u))) {
        refuse(device, tag, UNKNOWN_KIND, kind, 0, 0);
        return;
    }
    if (kind == RUN) {
        expected_len = INDEX_BYTES + device->input_bytes;
    } else if (kind == RUN_PARTS) {
        expected_len = INDEX_BYTES + CRC_BYTES;
    } else if (kind == RUN_UNTIL) {
        expected_len = INDEX_BYTES + CRC_BYTES + 8u;
    } else if (kind == TIME_STAGES) {
        expected_len = CRC_BYTES;
    } else if ((kind != HELLO) && (kind != STATISTICS) && (kind != SELF_TEST)) {
        refuse(device, tag, UNKNOWN_KIND, kind, 0, 0);
        return;
    }
    if (body_len != expected_len) {
        refuse(device, tag, WRONG_LENGTH, kind, expected_len, body_len);
    } else if (kind == HELLO) {
        tell_identity(device, tag);
    } else if (kind == STATISTICS) {
        tell_statistics(server, device, tag);
    } else if (kind == SELF_TEST) {
        tell_self_test(device, tag);
    } else if ((kind != RUN) &&
               !is_complete(server, device, get_u32((kind == TIME_STAGES) ? head : server->part))) {
        refuse(device, tag, OTHER_INPUT, kind, 0, 0);
    } else if (kind == RUN_UNTIL) {
        tell_memory(device, tag, get_u32(head), server->part);
    } else if (kind == TIME_STAGES) {
        tell_stages(device, tag);
    } else {
        server->images_run++;
        run(device, (kind == RUN) ? OUTPUT : PARTS_OUTPUT, tag, head);
    }
}

static void forget(gannet_link_receiver *receiver) {
    memset(receiver, 0, sizeof *receiver);
    receiver->crc = UINT32_MAX;
}

/* Takes a decoded byte. What stands behind header and index goes straight into the input, if it is
 * a whole one. */
static void take(gannet_link_server *server, const gannet_link_device *device, uint8_t byte) {
    gannet_link_receiver *const receiver = &server->receiver;
    receiver->crc = crc_push(receiver->crc, byte);
    if (receiver->len < sizeof receiver->start) {
        receiver->start[receiver->len] = byte;
    } else {
        const uint32_t at = receiver->len - (uint32_t)sizeof receiver->start;
        if ((receiver->start[1] == RUN) && (device->row_bytes == 0u)) {
            if (at < device->input_bytes) {
                device->input[at] = byte;
            }
        } else if (at < sizeof server->part) {
            server->part[at] = byte;
        }
    }
    if (receiver->len < UINT32_MAX) {
        receiver->len++;
    }
}

static void push(gannet_link_server *server, const gannet_link_device *device, uint8_t byte) {
    gannet_link_receiver *const receiver = &server->receiver;
    if (byte != 0u) {
        receiver->begun = 1;
        if (receiver->left > 0u) {
            receiver->left--;
            take(server, device, byte);
        } else {
            if (receiver->zero_follows) {
                take(server, device, 0);
            }
            receiver->left = (uint8_t)(byte - 1u);
            receiver->zero_follows = receiver->left != LONGEST_RUN;
        }
        return;
    }
    if (receiver->begun) {
        const gannet_link_receiver found = *receiver;
        forget(receiver);
        if ((found.left == 0u) && (found.len >= HEADER_BYTES + CRC_BYTES) &&
            (found.crc == CRC_INTACT)) {
            server->frames_received++;
            answer(server, device, found.start, found.len - HEADER_BYTES - CRC_BYTES);
        } else {
            server->frames_damaged++;
            refuse(device, no_tag, DAMAGED, 0, 0, 0);
        }
    }
}

void gannet_link_start(gannet_link_server *server) {
    memset(server, 0, sizeof *server);
    forget(&server->receiver);
    forget_rows(&server->rows);
}

void gannet_link_announce(const gannet_link_device *device) {
    tell_identity(device, no_tag);
}

void gannet_link_poll(gannet_link_server *server, const gannet_link_device *device) {
    int byte;
    while ((byte = device->read(device->context)) >= 0) {
        push(server, device, (uint8_t)byte);
    }
}
