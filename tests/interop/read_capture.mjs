// Reads a capture with the MCAP project's own library and prints what it holds as JSON.
//
//   node read_capture.mjs FILE
//
// Uses nothing of ours: the index, the chunks and the descriptors inside the file must be enough.
// Exit: 0 and a document on stdout, 1 when something in the file is not as it says, 2 usage.

import fs from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = process.env.RG_INTEROP_NODE_MODULES ?? path.join(here, "node_modules");
const require = createRequire(path.join(modules, "..", "any.js"));
const { McapIndexedReader, McapStreamReader } = require("@mcap/core");
const fzstd = require("fzstd");
const protobuf = require("protobufjs");
const descriptor = require("protobufjs/ext/descriptor");

const SAMPLES_PER_TOPIC = 2;
const SAMPLE_TEXT_MAX = 120;

const decompressHandlers = {
    zstd: (data, size) => fzstd.decompress(data, new Uint8Array(Number(size))),
};

function expect(condition, text) {
    if (!condition) {
        throw new Error(text);
    }
}

class FileReadable {
    constructor(handle, size) {
        this.handle = handle;
        this.bytes = size;
        this.read_bytes = 0;
    }
    async size() {
        return BigInt(this.bytes);
    }
    async read(offset, length) {
        const buffer = new Uint8Array(Number(length));
        const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, Number(offset));
        expect(bytesRead === buffer.length, `short read at ${offset}`);
        this.read_bytes += bytesRead;
        return buffer;
    }
}

// A function that decodes messages of a schema by the descriptors in the file.
function decoderOf(schema) {
    expect(schema.encoding === "protobuf", `schema ${schema.name} is ${schema.encoding}`);
    const root = protobuf.Root.fromDescriptor(descriptor.FileDescriptorSet.decode(schema.data));
    root.resolveAll();
    const type = root.lookupType(schema.name);
    return (data) =>
        type.toObject(type.decode(data), { longs: String, bytes: String, defaults: false });
}

function channelsOf(reader) {
    const out = new Map();
    for (const channel of reader.channelsById.values()) {
        const schema = reader.schemasById.get(channel.schemaId);
        expect(schema !== undefined, `channel ${channel.topic} has no schema`);
        expect(channel.messageEncoding === "protobuf", `channel ${channel.topic} is not protobuf`);
        out.set(channel.id, {
            topic: channel.topic,
            schema: schema.name,
            stated: Number(reader.statistics.channelMessageCounts.get(channel.id) ?? 0n),
            decoded: 0,
            samples: [],
            decode: decoderOf(schema),
        });
    }
    return out;
}

async function readAll(reader, channels) {
    const times = [];
    for await (const message of reader.readMessages()) {
        const channel = channels.get(message.channelId);
        const value = channel.decode(message.data);
        channel.decoded += 1;
        if (channel.samples.length < SAMPLES_PER_TOPIC) {
            channel.samples.push(value);
        }
        times.push(message.logTime);
    }
    for (const channel of channels.values()) {
        expect(channel.decoded === channel.stated,
            `${channel.topic}: ${channel.decoded} messages, statistics say ${channel.stated}`);
    }
    expect(BigInt(times.length) === reader.statistics.messageCount, "statistics: message count");
    return times;
}

// Reading from the middle by index gives what a full read has from there on.
async function seek(reader, readable, times) {
    const first = reader.statistics.messageStartTime;
    const last = reader.statistics.messageEndTime;
    const from = first + (last - first) / 2n;
    const before = readable.read_bytes;
    let count = 0;
    for await (const message of reader.readMessages({ startTime: from })) {
        expect(message.logTime >= from, "seek gave an earlier message");
        count += 1;
    }
    expect(count === times.filter((time) => time >= from).length, "seek lost messages");
    return { from_ns: from.toString(), messages: count, bytes: readable.read_bytes - before };
}

function shorten(key, value) {
    const long = typeof value === "string" && value.length > SAMPLE_TEXT_MAX;
    return long ? `${value.slice(0, SAMPLE_TEXT_MAX)}... (${value.length})` : value;
}

// A front-to-back pass with every CRC verified; counts records by type.
async function stream(handle, size) {
    const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers });
    const records = {};
    const block = new Uint8Array(1 << 16);
    for (let at = 0; at < size;) {
        const { bytesRead } = await handle.read(block, 0, block.length, at);
        expect(bytesRead > 0, "short file");
        reader.append(block.slice(0, bytesRead));
        at += bytesRead;
        for (let record; (record = reader.nextRecord());) {
            records[record.type] = (records[record.type] ?? 0) + 1;
        }
    }
    expect(reader.done(), "the file does not end with a footer and the magic");
    return records;
}

function largestChunk(reader) {
    const [first] = [...reader.chunkIndexes].sort((a, b) => Number(b.chunkLength - a.chunkLength));
    return first && { offset: Number(first.chunkStartOffset), bytes: Number(first.chunkLength) };
}

async function main(file) {
    const handle = await fs.open(file, "r");
    try {
        const { size } = await handle.stat();
        const readable = new FileReadable(handle, size);
        const reader = await McapIndexedReader.Initialize({ readable, decompressHandlers });
        expect(reader.statistics !== undefined, "no statistics");
        const channels = channelsOf(reader);
        const times = await readAll(reader, channels);
        const report = {
            profile: reader.header.profile,
            library: reader.header.library,
            bytes: size,
            messages: times.length,
            chunks: reader.chunkIndexes.length,
            largest_chunk: largestChunk(reader),
            channels: [...channels.values()].map(({ decode, ...rest }) => rest),
            seek: await seek(reader, readable, times),
            attachments: reader.attachmentIndexes.map((index) => index.name),
            metadata: reader.metadataIndexes.map((index) => index.name),
            records: await stream(handle, size),
        };
        console.log(JSON.stringify(report, shorten, 2));
    } finally {
        await handle.close();
    }
}

if (process.argv.length !== 3) {
    console.error("usage: read_capture.mjs FILE");
    process.exit(2);
}
try {
    await main(process.argv[2]);
} catch (error) {
    console.error(`read_capture.mjs: ${error.message}`);
    process.exit(1);
}
