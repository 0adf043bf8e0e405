// Detections of a PNG by an exported file, in JavaScript: what `image`, `letterbox`, `detections` and `pose` in
// model.onnx.meta.json say, step by step.
//
//   node detect.mjs model.onnx picture.png      prints JSON
//   node detect.mjs model.onnx --golden DIR     compares with DIR/golden.json; exit 1 where anything differs
//
// Needs onnxruntime-node. Reads PNGs of 8 or 16 bits that are not interlaced, and no orientation.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { inflateSync } from "node:zlib";
import ort from "onnxruntime-node";

// image: RGB of 8 bits; alpha dropped, gray repeated, of 16 bits the upper 8.
function readPng(path) {
  const file = readFileSync(path);
  const chunks = { IDAT: [] };
  for (let at = 8; at < file.length; ) {
    const size = file.readUInt32BE(at);
    const kind = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + size);
    kind === "IDAT" ? chunks.IDAT.push(body) : (chunks[kind] = body);
    at += size + 12;
  }
  const [w, h] = [chunks.IHDR.readUInt32BE(0), chunks.IHDR.readUInt32BE(4)];
  const [depth, color, , , interlaced] = chunks.IHDR.subarray(8);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[color];
  if (depth < 8 || interlaced) throw new Error(`${path}: a PNG of ${depth} bits, interlaced: ${interlaced}`);
  const step = (channels * depth) / 8;
  const rows = unfiltered(inflateSync(Buffer.concat(chunks.IDAT)), h, w * step, step);
  const levels = new Uint8Array(w * h * 3);
  for (let pixel = 0; pixel < w * h; pixel++)
    for (let c = 0; c < 3; c++) {
      const level = rows[pixel * step + (channels < 3 ? 0 : (c * depth) / 8)]; // the upper byte comes first
      levels[pixel * 3 + c] = color === 3 ? chunks.PLTE[level * 3 + c] : level;
    }
  return { w, h, levels };
}

// PNG specification, section 9: each row is told by its differences from the left, the row above, or both.
function unfiltered(data, height, size, step) {
  const rows = new Uint8Array(height * size);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (size + 1)];
    for (let i = 0; i < size; i++) {
      const at = y * size + i;
      const left = i < step ? 0 : rows[at - step];
      const up = y ? rows[at - size] : 0;
      const corner = y && i >= step ? rows[at - size - step] : 0;
      const near = left + up - corner;
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(near - value));
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      rows[at] = data[y * (size + 1) + 1 + i] + [0, left, up, (left + up) >> 1, paeth][filter];
    }
  }
  return rows;
}

// letterbox: where the picture lies.
function place(w, h, { width: W, height: H }, { epsilon_px: tiny, least_size_px: least }) {
  const s = Math.min(W / w, H / h);
  const whole = [Math.floor(w * s + tiny), Math.floor(h * s + tiny)];
  return {
    s,
    pad: [Math.floor((W - w * s) / 2 + tiny), Math.floor((H - h * s) / 2 + tiny)],
    size: whole.map((n) => Math.max(n, least)),
    part: whole.map((n, i) => (n ? Math.min([w, h][i], n / s) : [w, h][i])),
  };
}

// letterbox: n pixels of a line of a; which pixels they are made of, and with which weights.
function taps(a, n, part, bits) {
  const r = Math.fround(part) / n;
  const f = Math.max(r, 1);
  return Array.from({ length: n }, (_, i) => {
    const c = (i + 0.5) * r;
    const first = Math.max(0, Math.trunc(c - f + 0.5));
    const count = Math.min(a, Math.trunc(c + f + 0.5)) - first;
    const weights = Array.from({ length: count }, (_, j) => Math.max(0, 1 - Math.abs(first + j - c + 0.5) * (1 / f)));
    const sum = weights.reduce((one, other) => one + other, 0);
    return { first, weights: weights.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** bits)) };
  });
}

function resampled({ w, h, levels }, horizontal, n, part, bits) {
  const a = horizontal ? w : h;
  if (n === a && part === a) return { w, h, levels };
  const size = horizontal ? { w: n, h } : { w, h: n };
  const found = new Uint8Array(size.w * size.h * 3);
  const stride = horizontal ? 3 : w * 3;
  taps(a, n, part, bits).forEach(({ first, weights }, i) => {
    for (let line = 0; line < (horizontal ? h : w * 3); line++)
      for (let c = 0; c < (horizontal ? 3 : 1); c++) {
        const from = horizontal ? line * w * 3 + c : line;
        let sum = 2 ** (bits - 1);
        weights.forEach((weight, j) => (sum += weight * levels[from + (first + j) * stride]));
        const to = horizontal ? (line * n + i) * 3 + c : i * w * 3 + line;
        found[to] = Math.min(255, Math.floor(sum / 2 ** bits));
      }
  });
  return { ...size, levels: found };
}

function letterboxed(picture, told) {
  const { width: W, height: H, fill } = told.preprocess;
  const at = place(picture.w, picture.h, told.preprocess, told.letterbox);
  const lowerFirst = picture.h - at.size[1] > 2 * Math.max(picture.w - at.size[0], 0);
  let shown = picture;
  for (const axis of lowerFirst ? [1, 0] : [0, 1])
    shown = resampled(shown, axis === 0, at.size[axis], at.part[axis], told.letterbox.weight_bits);
  const canvas = new Uint8Array(W * H * 3).fill(fill);
  for (let y = 0; y < shown.h; y++)
    canvas.set(shown.levels.subarray(y * shown.w * 3, (y + 1) * shown.w * 3), ((at.pad[1] + y) * W + at.pad[0]) * 3);
  return { canvas, at };
}

function networkInput(canvas, { width: W, height: H, scale, mean, std }) {
  const f = Math.fround;
  const images = new Float32Array(3 * H * W);
  for (let c = 0; c < 3; c++)
    for (let pixel = 0; pixel < H * W; pixel++)
      images[c * H * W + pixel] = f(f(f(canvas[pixel * 3 + c] * f(scale)) - f(mean[c])) / f(std[c]));
  return images;
}

// detections
function decoded(outputs, { w, h }, at, told, { threshold, most, camera }) {
  const { width: W, height: H } = told.preprocess;
  const [, queries, classes] = outputs.pred_logits.dims;
  const row = (name, query) => {
    const n = outputs[name].dims.at(-1);
    return Array.from(outputs[name].data.subarray(query * n, query * n + n));
  };
  const pairs = [];
  for (let pair = 0; pair < queries * classes; pair++) {
    const score = 1 / (1 + Math.exp(-outputs.pred_logits.data[pair]));
    if (score >= threshold) pairs.push({ score, query: Math.floor(pair / classes), index: pair % classes });
  }
  pairs.sort((one, other) => other.score - one.score); // sort keeps the order of equals
  const clip = (value, side) => Math.min(Math.max(value, 0), side);
  const found = [];
  for (const { score, query, index } of pairs.slice(0, most)) {
    const [cx, cy, bw, bh] = row("pred_boxes", query);
    const [x, y] = [(cx * W - at.pad[0]) / at.s, (cy * H - at.pad[1]) / at.s];
    const [rx, ry] = [(bw * W) / at.s / 2, (bh * H) / at.s / 2];
    const box = [clip(x - rx, w), clip(y - ry, h), clip(x + rx, w), clip(y + ry, h)];
    if (box[2] <= box[0] || box[3] <= box[1]) continue;
    const pose = told.pose ? posed(row, query, [cx * W, cy * H], at, told.preprocess, camera) : { R: null, t_m: null };
    found.push({ class_id: told.classes[index].id, score, box_xyxy_px: box, ...pose });
  }
  return found;
}

// pose; without a camera there is no translation.
function posed(row, query, center, at, { width: W, height: H }, camera) {
  const dot = (p, q) => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  const unit = (p) => p.map((value) => value / Math.sqrt(dot(p, p)));
  const six = row("pred_rot6d", query);
  const x = unit(six.slice(0, 3));
  const b = six.slice(3);
  const y = unit(b.map((value, i) => value - dot(x, b) * x[i]));
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  const R = [0, 1, 2].map((i) => [x[i], y[i], z[i]]);
  if (!camera) return { R, t_m: null };
  const [dfx, dfy, dcx, dcy] = row("pred_k_delta", 0);
  const [fx, fy] = [camera[0] * at.s * (1 + dfx), camera[1] * at.s * (1 + dfy)];
  const [px, py] = [camera[2] * at.s + at.pad[0] + dcx, camera[3] * at.s + at.pad[1] + dcy];
  const [du, dv] = row("pred_offsets", query);
  const depth = Math.exp(row("pred_log_z", query)[0]) * Math.sqrt((fx * fy) / (W * H));
  return { R, t_m: [((center[0] + du - px) / fx) * depth, ((center[1] + dv - py) / fy) * depth, depth] };
}

async function detect(session, told, path, limits) {
  const picture = readPng(path);
  const { canvas, at } = letterboxed(picture, told);
  const images = networkInput(canvas, told.preprocess);
  const { width: W, height: H } = told.preprocess;
  const outputs = await session.run({ images: new ort.Tensor("float32", images, [1, 3, H, W]) });
  return { canvas, images, detections: decoded(outputs, picture, at, told, limits) };
}

const sha256 = (array) => createHash("sha256").update(Buffer.from(array.buffer)).digest("hex");

function near(one, other, tolerance) {
  return one === null || other === null
    ? one === other
    : one.flat().every((value, i) => Math.abs(value - other.flat()[i]) <= tolerance);
}

async function golden(session, told, directory) {
  const { pictures, tolerances } = JSON.parse(readFileSync(join(directory, "golden.json"), "utf8"));
  let wrong = 0;
  for (const picture of pictures) {
    const limits = { threshold: picture.score_threshold, most: told.detections.max_detections, camera: picture.camera };
    const own = await detect(session, told, join(directory, picture.file), limits);
    const side = Math.max(picture.width, picture.height);
    const left = [...own.detections];
    const missing = picture.detections.filter((expected) => {
      const length = expected.t_m === null ? 0 : Math.hypot(...expected.t_m);
      const place = left.findIndex(
        (found) =>
          found.class_id === expected.class_id &&
          Math.abs(found.score - expected.score) <= tolerances.score &&
          near(found.box_xyxy_px, expected.box_xyxy_px, tolerances.box * side) &&
          near(found.R, expected.R, tolerances.R) &&
          near(found.t_m, expected.t_m, tolerances.t * length),
      );
      if (place >= 0) left.splice(place, 1);
      return place < 0;
    });
    const same = {
      levels: sha256(own.canvas) === picture.input.levels_sha256,
      images: sha256(own.images) === picture.input.images_sha256,
      detections: missing.length === 0 && left.length === 0,
    };
    const differing = Object.keys(same).filter((name) => !same[name]);
    console.log(`${picture.file}: ${differing.length ? `differs in ${differing.join(", ")}` : "equal"}`);
    wrong += differing.length;
  }
  return wrong;
}

const [model, source, directory] = argv.slice(2);
if (!source || (source === "--golden") !== (directory !== undefined)) {
  console.error("usage: node detect.mjs model.onnx picture.png | --golden DIR");
  exit(2);
}
const told = JSON.parse(readFileSync(`${model}.meta.json`, "utf8"));
const session = await ort.InferenceSession.create(model);
if (directory) exit((await golden(session, told, directory)) ? 1 : 0);
const limits = { threshold: told.detections.score_threshold, most: told.detections.max_detections, camera: null };
console.log(JSON.stringify((await detect(session, told, source, limits)).detections));
