// Detections of a PNG by an exported file, in C++17: what `image`, `letterbox`, `detections` and `pose` in
// model.onnx.meta.json say, step by step.
//
//   g++ -std=c++17 -O2 detect.cpp -I ORT/include -L ORT/lib -lonnxruntime -lpng -o detect
//   ./detect model.onnx picture.png      prints class, score, box and, of models with poses, R
//   ./detect model.onnx --golden DIR     compares with DIR/golden.json; exit 1 where anything differs
//   ./detect model.onnx --levels P.png   writes the letterboxed picture to standard output, a byte a level
//
// Needs ONNX Runtime and libpng. No orientation is read.

#include <onnxruntime_cxx_api.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <numeric>

#include "json.hpp"

struct Picture {
  int w, h;
  std::vector<uint8_t> levels;  // row, column, channel
};

struct Placement {
  double s;
  std::array<int, 2> pad, size;
  std::array<double, 2> part;
};

struct Detection {
  int class_id;
  double score;
  std::vector<double> box, R, t;  // R and t empty without pose heads, t without a camera, too
};

// image: RGB of 8 bits; alpha dropped, gray repeated, of 16 bits the upper 8.
Picture read_png(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw std::runtime_error(path + " cannot be read");
  auto refuse = [](png_structp, png_const_charp message) { throw std::runtime_error(message); };
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, refuse, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file.get());
  png_read_info(png, info);
  png_set_expand(png);  // palettes, and gray of fewer than 8 bits
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  if (!(png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  Picture found{int(png_get_image_width(png, info)), int(png_get_image_height(png, info)), {}};
  found.levels.resize(size_t(found.w) * found.h * 3);
  std::vector<png_bytep> rows(found.h);
  for (int y = 0; y < found.h; ++y) rows[y] = found.levels.data() + size_t(y) * found.w * 3;
  png_read_image(png, rows.data());
  png_destroy_read_struct(&png, &info, nullptr);
  return found;
}

// letterbox: where the picture lies.
Placement place(const Picture& picture, const Json& told) {
  const std::array<double, 2> own{double(picture.w), double(picture.h)};
  const std::array<double, 2> input{told["preprocess"]["width"], told["preprocess"]["height"]};
  const double tiny = told["letterbox"]["epsilon_px"];
  Placement found{std::min(input[0] / own[0], input[1] / own[1]), {}, {}, {}};
  for (int i : {0, 1}) {
    const int whole = int(std::floor(own[i] * found.s + tiny));
    found.pad[i] = int(std::floor((input[i] - own[i] * found.s) / 2 + tiny));
    found.size[i] = std::max(whole, int(told["letterbox"]["least_size_px"]));
    found.part[i] = whole ? std::min(own[i], whole / found.s) : own[i];
  }
  return found;
}

// letterbox: n pixels of each row (or column), of the first `part` of it.
Picture resampled(const Picture& picture, bool horizontal, int n, double part, int bits) {
  const int a = horizontal ? picture.w : picture.h;
  if (n == a && part == a) return picture;
  Picture found{horizontal ? n : picture.w, horizontal ? picture.h : n, {}};
  found.levels.resize(size_t(found.w) * found.h * 3);
  const double r = double(float(part)) / n, f = std::max(r, 1.0);
  for (int i = 0; i < n; ++i) {
    const double c = (i + 0.5) * r;
    const int first = std::max(0, int(c - f + 0.5)), end = std::min(a, int(c + f + 0.5));
    std::vector<double> weights;
    for (int j = first; j < end; ++j) weights.push_back(std::max(0.0, 1.0 - std::abs(j - c + 0.5) * (1 / f)));
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<int64_t> whole;
    for (double weight : weights) whole.push_back(int64_t(0.5 + weight / sum * double(1 << bits)));
    for (int line = 0; line < (horizontal ? picture.h : picture.w); ++line)
      for (int channel = 0; channel < 3; ++channel) {
        int64_t total = int64_t(1) << (bits - 1);
        for (int j = first; j < end; ++j) {
          const size_t from = horizontal ? size_t(line) * picture.w + j : size_t(j) * picture.w + line;
          total += whole[j - first] * picture.levels[from * 3 + channel];
        }
        const size_t to = horizontal ? size_t(line) * n + i : size_t(i) * found.w + line;
        found.levels[to * 3 + channel] = uint8_t(std::min<int64_t>(255, total >> bits));
      }
  }
  return found;
}

Picture letterboxed(const Picture& picture, const Placement& at, const Json& told) {
  const Json& spec = told["preprocess"];
  const bool lower_first = picture.h - at.size[1] > 2 * std::max(picture.w - at.size[0], 0);
  Picture shown = picture;
  for (int axis : lower_first ? std::array<int, 2>{1, 0} : std::array<int, 2>{0, 1})
    shown = resampled(shown, axis == 0, at.size[axis], at.part[axis], int(told["letterbox"]["weight_bits"]));
  Picture canvas{int(spec["width"]), int(spec["height"]), {}};
  canvas.levels.assign(size_t(canvas.w) * canvas.h * 3, uint8_t(double(spec["fill"])));
  for (int y = 0; y < shown.h; ++y)
    std::copy_n(shown.levels.begin() + size_t(y) * shown.w * 3, size_t(shown.w) * 3,
                canvas.levels.begin() + (size_t(at.pad[1] + y) * canvas.w + at.pad[0]) * 3);
  return canvas;
}

std::vector<float> network_input(const Picture& canvas, const Json& spec) {
  const size_t pixels = size_t(canvas.w) * canvas.h;
  std::vector<float> images(3 * pixels);
  const float scale = float(double(spec["scale"]));
  for (size_t c = 0; c < 3; ++c) {
    const float mean = float(double(spec["mean"][c])), std = float(double(spec["std"][c]));
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      images[c * pixels + pixel] = (canvas.levels[pixel * 3 + c] * scale - mean) / std;
  }
  return images;
}

struct Output {
  std::vector<int64_t> shape;
  std::vector<double> values;
  std::vector<double> row(size_t query) const {
    const auto begin = values.begin() + query * shape.back();
    return {begin, begin + shape.back()};
  }
};
using Outputs = std::map<std::string, Output>;

Outputs run(Ort::Session& session, std::vector<float>& images, const Json& told) {
  const std::array<int64_t, 4> shape{1, 3, int64_t(double(told["preprocess"]["height"])),
                                     int64_t(double(told["preprocess"]["width"]))};
  auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);
  auto input = Ort::Value::CreateTensor<float>(memory, images.data(), images.size(), shape.data(), shape.size());
  std::vector<const char*> names;
  for (const auto& entry : told["outputs"].members) names.push_back(entry.first.c_str());
  const char* input_name = "images";
  auto values = session.Run(Ort::RunOptions{nullptr}, &input_name, &input, 1, names.data(), names.size());
  Outputs found;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto about = values[i].GetTensorTypeAndShapeInfo();
    const float* data = values[i].GetTensorData<float>();
    found[names[i]] = {about.GetShape(), {data, data + about.GetElementCount()}};
  }
  return found;
}

using Three = std::array<double, 3>;
double dot(const Three& p, const Three& q) { return p[0] * q[0] + p[1] * q[1] + p[2] * q[2]; }
Three scaled(const Three& p, double by) { return {p[0] * by, p[1] * by, p[2] * by}; }
Three minus(const Three& p, const Three& q) { return {p[0] - q[0], p[1] - q[1], p[2] - q[2]}; }
Three unit(const Three& p) { return scaled(p, 1 / std::sqrt(dot(p, p))); }

// pose
void add_pose(Detection& found, const Outputs& outputs, size_t query, const Placement& at, const Json& spec,
              const std::vector<double>& camera) {
  const auto six = outputs.at("pred_rot6d").row(query), box = outputs.at("pred_boxes").row(query);
  const Three x = unit({six[0], six[1], six[2]}), b{six[3], six[4], six[5]};
  const Three y = unit(minus(b, scaled(x, dot(x, b))));
  const Three z{x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]};
  for (int i : {0, 1, 2}) found.R.insert(found.R.end(), {x[i], y[i], z[i]});
  if (camera.empty()) return;
  const double W = spec["width"], H = spec["height"];
  const auto delta = outputs.at("pred_k_delta").row(0), offset = outputs.at("pred_offsets").row(query);
  const double fx = camera[0] * at.s * (1 + delta[0]), fy = camera[1] * at.s * (1 + delta[1]);
  const double px = camera[2] * at.s + at.pad[0] + delta[2], py = camera[3] * at.s + at.pad[1] + delta[3];
  const double depth = std::exp(outputs.at("pred_log_z").row(query)[0]) * std::sqrt(fx * fy / (W * H));
  found.t = {(box[0] * W + offset[0] - px) / fx * depth, (box[1] * H + offset[1] - py) / fy * depth, depth};
}

// detections
std::vector<Detection> decoded(const Outputs& outputs, const Picture& picture, const Placement& at, const Json& told,
                               double threshold, const std::vector<double>& camera) {
  const double W = told["preprocess"]["width"], H = told["preprocess"]["height"];
  const Output& logits = outputs.at("pred_logits");
  const size_t classes = logits.shape[2];
  std::vector<std::pair<double, size_t>> pairs;
  for (size_t pair = 0; pair < logits.values.size(); ++pair) {
    const double score = 1 / (1 + std::exp(-logits.values[pair]));
    if (score >= threshold) pairs.emplace_back(score, pair);
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](auto& one, auto& other) { return one.first > other.first; });
  pairs.resize(std::min(pairs.size(), size_t(told["detections"]["max_detections"])));
  std::vector<Detection> all;
  for (const auto& [score, pair] : pairs) {
    const auto box = outputs.at("pred_boxes").row(pair / classes);
    const double x = (box[0] * W - at.pad[0]) / at.s, y = (box[1] * H - at.pad[1]) / at.s;
    const double rx = box[2] * W / at.s / 2, ry = box[3] * H / at.s / 2, w = picture.w, h = picture.h;
    Detection found{int(told["classes"][pair % classes]["id"]), score, {}, {}, {}};
    found.box = {std::clamp(x - rx, 0.0, w), std::clamp(y - ry, 0.0, h), std::clamp(x + rx, 0.0, w),
                 std::clamp(y + ry, 0.0, h)};
    if (found.box[2] <= found.box[0] || found.box[3] <= found.box[1]) continue;
    if (told["pose"].kind != Json::null)
      add_pose(found, outputs, pair / classes, at, told["preprocess"], camera);
    all.push_back(found);
  }
  return all;
}

bool near(const std::vector<double>& one, const std::vector<double>& other, double tolerance) {
  return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin(), [&](double a, double b) {
           return std::abs(a - b) <= tolerance;
         });
}

std::vector<double> flat(const Json& rows) {
  std::vector<double> found;
  for (const Json& row : rows.items)
    for (double value : row.numbers()) found.push_back(value);
  return found;
}

bool same_input(const Picture& canvas, const Json& expected) {
  for (const Json& sample : expected["samples"].items) {
    const auto values = sample.numbers();
    for (size_t c : {0, 1, 2})
      if (canvas.levels[(size_t(values[0]) * canvas.w + size_t(values[1])) * 3 + c] != values[2 + c]) return false;
  }
  return true;
}

bool same_detections(std::vector<Detection> left, const Json& picture, const Json& tolerances) {
  const double side = std::max(double(picture["width"]), double(picture["height"]));
  for (const Json& expected : picture["detections"].items) {
    const auto t = expected["t_m"].numbers();
    const double length = std::sqrt(std::inner_product(t.begin(), t.end(), t.begin(), 0.0));
    const auto found = std::find_if(left.begin(), left.end(), [&](const Detection& one) {
      return one.class_id == int(expected["class_id"]) && near({one.score}, {expected["score"]}, tolerances["score"]) &&
             near(one.box, expected["box_xyxy_px"].numbers(), tolerances["box"] * side) &&
             near(one.R, flat(expected["R"]), tolerances["R"]) && near(one.t, t, tolerances["t"] * length);
    });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return left.empty();
}

int golden(Ort::Session& session, const Json& told, const std::string& directory) {
  const Json expected = JsonReader::read(directory + "/golden.json");
  int wrong = 0;
  for (const Json& one : expected["pictures"].items) {
    const Picture picture = read_png(directory + "/" + one["file"].words);
    const Placement at = place(picture, told);
    const Picture canvas = letterboxed(picture, at, told);
    auto images = network_input(canvas, told["preprocess"]);
    const auto found = decoded(run(session, images, told), picture, at, told, one["score_threshold"],
                               one["camera"].numbers());
    const bool input = same_input(canvas, one["input"]);
    const bool output = same_detections(found, one, expected["tolerances"]);
    std::cout << one["file"].words << ": " << (input && output ? "equal" : input ? "differs in detections" : "differs in levels")
              << "\n";
    wrong += !(input && output);
  }
  return wrong ? 1 : 0;
}

int main(int count, char** arguments) try {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (given.size() != 2 && !(given.size() == 3 && (given[1] == "--golden" || given[1] == "--levels"))) {
    std::cerr << "usage: detect model.onnx picture.png | --golden DIR | --levels picture.png\n";
    return 2;
  }
  const Json told = JsonReader::read(given[0] + ".meta.json");
  if (given.size() == 3 && given[1] == "--levels") {
    const Picture picture = read_png(given[2]);
    const Picture canvas = letterboxed(picture, place(picture, told), told);
    std::cout.write(reinterpret_cast<const char*>(canvas.levels.data()), canvas.levels.size());
    return 0;
  }
  Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "detect");
  Ort::Session session(environment, given[0].c_str(), Ort::SessionOptions{});
  if (given.size() == 3) return golden(session, told, given[2]);
  const Picture picture = read_png(given[1]);
  const Placement at = place(picture, told);
  auto images = network_input(letterboxed(picture, at, told), told["preprocess"]);
  for (const Detection& one :
       decoded(run(session, images, told), picture, at, told, told["detections"]["score_threshold"], {})) {
    std::cout << one.class_id << " " << one.score;
    for (double value : one.box) std::cout << " " << value;
    for (double value : one.R) std::cout << " " << value;
    std::cout << "\n";
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 2;
}
