--- What can stand, swim or fly in a picture: the words for it, and its shapes, from the
-- back to the front. x goes to the right, y up; 0, 0 is where it stands, and it is
-- about 1 high. The shapes:
--
--   { "oval", x, y, width / 2, height / 2, colour }
--   { "form", { x, y, x, y ... }, colour }
--   { "curve", { from x, y, towards x, y, to x, y }, width there, here, colour }
--
-- A colour is `main`, which the prompt can name, `dark` or `light`, which follow from
-- it, or one of scene.lua's.
local function flower(x, height, size)
  local shapes = {
    { "curve", { x, 0, x + 0.05, height / 2, x, height }, 0.035, 0.025, "leaf" },
    { "oval", x + 0.09, height * 0.4, 0.09, 0.035, "leaf" },
    { "oval", x - 0.08, height * 0.3, 0.08, 0.03, "leaf" },
  }
  for n = 0, 5 do
    local angle = n * math.pi / 3 + x
    shapes[#shapes + 1] = { "oval", x + math.cos(angle) * size,
      height + math.sin(angle) * size, size * 0.72, size * 0.72,
      n % 2 == 0 and "main" or "light" }
  end
  shapes[#shapes + 1] = { "oval", x, height, size * 0.6, size * 0.6, "yellow" }
  return shapes
end

local function bouquet()
  local all = {}
  for _, one in ipairs { { -0.45, 0.5, 0.1 }, { 0.42, 0.6, 0.11 },
    { -0.18, 0.72, 0.12 }, { 0.15, 0.45, 0.1 } } do
    for _, shape in ipairs(flower(one[1], one[2], one[3])) do
      all[#all + 1] = shape
    end
  end
  return all
end

---@class yuanjing.sandbox.Subject
---@field words string[] Chinese anywhere, English as a word
---@field main string its colour, unless the prompt names one
---@field size? number how high, of the picture
---@field where? "sky"|"water" otherwise the ground
---@field shapes table[]

---@type yuanjing.sandbox.Subject[]
return {
  { words = { "猫", "cat", "kitten", "kitty" }, main = "ink", size = 0.34,
    shapes = {
      { "curve", { 0.2, 0.08, 0.75, 0.05, 0.5, 0.6 }, 0.1, 0.07, "main" },
      { "oval", 0, 0.3, 0.25, 0.31, "main" },
      { "oval", 0.14, 0.14, 0.17, 0.15, "main" },
      { "oval", -0.12, 0.04, 0.1, 0.05, "dark" },
      { "oval", 0.08, 0.04, 0.1, 0.05, "dark" },
      { "form", { -0.22, 0.72, -0.24, 1.02, -0.02, 0.86 }, "main" },
      { "form", { 0.22, 0.72, 0.24, 1.02, 0.02, 0.86 }, "main" },
      { "form", { -0.19, 0.8, -0.2, 0.94, -0.09, 0.87 }, "pink" },
      { "form", { 0.19, 0.8, 0.2, 0.94, 0.09, 0.87 }, "pink" },
      { "oval", 0, 0.7, 0.24, 0.2, "main" },
      { "oval", -0.1, 0.72, 0.055, 0.06, "yellow" },
      { "oval", 0.1, 0.72, 0.055, 0.06, "yellow" },
      { "oval", -0.1, 0.72, 0.018, 0.052, "black" },
      { "oval", 0.1, 0.72, 0.018, 0.052, "black" },
      { "form", { -0.03, 0.645, 0.03, 0.645, 0, 0.61 }, "pink" },
    } },
  { words = { "狗", "犬", "dog", "puppy" }, main = "brown", size = 0.36,
    shapes = {
      { "curve", { 0.2, 0.15, 0.5, 0.2, 0.5, 0.5 }, 0.09, 0.05, "main" },
      { "oval", 0.02, 0.28, 0.24, 0.29, "main" },
      { "oval", 0, 0.3, 0.13, 0.22, "light" },
      { "form", { -0.16, 0, -0.16, 0.3, -0.05, 0.3, -0.04, 0 }, "main" },
      { "form", { 0.16, 0, 0.16, 0.3, 0.05, 0.3, 0.04, 0 }, "main" },
      { "oval", -0.12, 0.03, 0.1, 0.05, "light" },
      { "oval", 0.12, 0.03, 0.1, 0.05, "light" },
      { "oval", 0, 0.73, 0.23, 0.22, "main" },
      { "oval", -0.24, 0.7, 0.09, 0.2, "dark" },
      { "oval", 0.24, 0.7, 0.09, 0.2, "dark" },
      { "oval", 0, 0.64, 0.12, 0.1, "light" },
      { "oval", 0, 0.68, 0.05, 0.035, "black" },
      { "oval", -0.09, 0.78, 0.032, 0.036, "black" },
      { "oval", 0.09, 0.78, 0.032, 0.036, "black" },
      { "oval", 0, 0.57, 0.035, 0.05, "pink" },
    } },
  { words = { "兔", "rabbit", "bunny" }, main = "white", size = 0.34,
    shapes = {
      { "oval", 0.24, 0.12, 0.09, 0.09, "light" },
      { "oval", 0, 0.24, 0.23, 0.25, "main" },
      { "oval", -0.11, 0.03, 0.11, 0.05, "dark" },
      { "oval", 0.11, 0.03, 0.11, 0.05, "dark" },
      { "oval", -0.1, 0.88, 0.065, 0.22, "main" },
      { "oval", 0.1, 0.88, 0.065, 0.22, "main" },
      { "oval", -0.1, 0.88, 0.03, 0.16, "pink" },
      { "oval", 0.1, 0.88, 0.03, 0.16, "pink" },
      { "oval", 0, 0.58, 0.19, 0.17, "main" },
      { "oval", -0.08, 0.61, 0.026, 0.032, "black" },
      { "oval", 0.08, 0.61, 0.026, 0.032, "black" },
      { "oval", 0, 0.55, 0.025, 0.018, "pink" },
    } },
  { words = { "马", "horse", "pony" }, main = "brown", size = 0.38, shapes = {
      { "curve", { -0.42, 0.6, -0.68, 0.5, -0.6, 0.15 }, 0.1, 0.04, "dark" },
      { "form", { -0.38, 0.5, -0.36, 0, -0.28, 0, -0.22, 0.5 }, "main" },
      { "form", { -0.26, 0.5, -0.2, 0, -0.12, 0, -0.12, 0.5 }, "dark" },
      { "form", { 0.2, 0.5, 0.16, 0, 0.24, 0, 0.34, 0.5 }, "dark" },
      { "form", { 0.24, 0.5, 0.3, 0, 0.38, 0, 0.38, 0.5 }, "main" },
      { "oval", 0, 0.52, 0.42, 0.19, "main" },
      { "curve", { 0.28, 0.5, 0.4, 0.7, 0.5, 0.98 }, 0.3, 0.15, "main" },
      { "curve", { 0.22, 0.68, 0.34, 0.85, 0.46, 1.05 }, 0.09, 0.06, "dark" },
      { "curve", { 0.45, 0.96, 0.6, 0.95, 0.76, 0.78 }, 0.2, 0.12, "main" },
      { "form", { 0.44, 1, 0.46, 1.13, 0.53, 1.02 }, "main" },
      { "oval", 0.57, 0.93, 0.022, 0.022, "black" },
    } },
  { words = { "熊猫", "panda" }, main = "white", size = 0.36, shapes = {
      { "oval", 0, 0.3, 0.32, 0.31, "main" },
      { "oval", -0.25, 0.4, 0.1, 0.2, "black" },
      { "oval", 0.25, 0.4, 0.1, 0.2, "black" },
      { "oval", -0.19, 0.08, 0.14, 0.1, "black" },
      { "oval", 0.19, 0.08, 0.14, 0.1, "black" },
      { "oval", -0.21, 0.92, 0.09, 0.09, "black" },
      { "oval", 0.21, 0.92, 0.09, 0.09, "black" },
      { "oval", 0, 0.73, 0.27, 0.23, "main" },
      { "oval", -0.11, 0.75, 0.07, 0.08, "black" },
      { "oval", 0.11, 0.75, 0.07, 0.08, "black" },
      { "oval", -0.1, 0.76, 0.02, 0.025, "white" },
      { "oval", 0.1, 0.76, 0.02, 0.025, "white" },
      { "oval", 0, 0.65, 0.045, 0.03, "black" },
    } },
  { words = { "人", "女孩", "男孩", "孩子", "姑娘", "画家", "girl", "boy",
      "child", "man", "woman", "person", "people", "painter" },
    main = "red", size = 0.34, shapes = {
      { "form", { -0.1, 0, -0.09, 0.3, -0.01, 0.3, -0.03, 0 }, "ink" },
      { "form", { 0.1, 0, 0.09, 0.3, 0.01, 0.3, 0.03, 0 }, "ink" },
      { "curve", { -0.09, 0.62, -0.22, 0.55, -0.24, 0.38 }, 0.08, 0.06, "main" },
      { "curve", { 0.09, 0.62, 0.22, 0.55, 0.24, 0.38 }, 0.08, 0.06, "main" },
      { "form", { -0.2, 0.2, -0.1, 0.66, 0.1, 0.66, 0.2, 0.2 }, "main" },
      { "oval", 0, 0.82, 0.16, 0.17, "ink" },
      { "oval", 0, 0.79, 0.115, 0.12, "skin" },
      { "form", { -0.13, 0.84, -0.08, 0.95, 0.08, 0.95, 0.13, 0.84, 0, 0.86 },
        "ink" },
      { "oval", -0.04, 0.79, 0.014, 0.018, "black" },
      { "oval", 0.04, 0.79, 0.014, 0.018, "black" },
    } },
  { words = { "鸟", "燕子", "bird", "swallow", "eagle" }, main = "ink",
    where = "sky", size = 0.14, shapes = {
      { "curve", { -0.05, 0.4, -0.4, 1.1, -0.85, 0.55 }, 0.16, 0.01, "main" },
      { "curve", { 0.05, 0.4, 0.4, 1.1, 0.85, 0.55 }, 0.16, 0.01, "main" },
      { "oval", 0, 0.4, 0.11, 0.16, "main" },
      { "form", { -0.1, 0.1, 0, 0.35, 0.1, 0.1 }, "main" },
      { "oval", 0, 0.56, 0.08, 0.08, "main" },
      { "form", { -0.03, 0.6, 0, 0.72, 0.03, 0.6 }, "yellow" },
    } },
  { words = { "蝴蝶", "butterfly", "butterflies" }, main = "orange",
    where = "sky", size = 0.16, shapes = {
      { "oval", -0.3, 0.66, 0.28, 0.26, "main" },
      { "oval", 0.3, 0.66, 0.28, 0.26, "main" },
      { "oval", -0.22, 0.26, 0.2, 0.2, "dark" },
      { "oval", 0.22, 0.26, 0.2, 0.2, "dark" },
      { "oval", -0.32, 0.68, 0.12, 0.12, "light" },
      { "oval", 0.32, 0.68, 0.12, 0.12, "light" },
      { "oval", 0, 0.45, 0.05, 0.34, "ink" },
      { "curve", { 0, 0.75, -0.05, 0.95, -0.2, 1 }, 0.03, 0.02, "ink" },
      { "curve", { 0, 0.75, 0.05, 0.95, 0.2, 1 }, 0.03, 0.02, "ink" },
    } },
  { words = { "鱼", "鲸", "fish", "goldfish", "whale" }, main = "orange", where = "water",
    size = 0.2, shapes = {
      { "form", { 0.4, 0.5, 0.85, 0.85, 0.74, 0.5, 0.85, 0.15 }, "dark" },
      { "form", { -0.1, 0.75, 0.15, 1.02, 0.3, 0.65 }, "dark" },
      { "oval", 0, 0.5, 0.55, 0.3, "main" },
      { "oval", -0.05, 0.4, 0.4, 0.16, "light" },
      { "oval", -0.34, 0.58, 0.06, 0.07, "white" },
      { "oval", -0.35, 0.58, 0.03, 0.04, "black" },
    } },
  { words = { "船", "帆", "boat", "ship", "sail", "sailboat" }, main = "white",
    where = "water", size = 0.32, shapes = {
      { "form", { 0.02, 0.2, 0.02, 1.02, 0.06, 1.02, 0.06, 0.2 }, "brown" },
      { "form", { 0.1, 0.28, 0.1, 0.98, 0.5, 0.28 }, "main" },
      { "form", { -0.02, 0.28, -0.02, 0.9, -0.38, 0.28 }, "dark" },
      { "form", { -0.5, 0.2, 0.58, 0.2, 0.4, 0, -0.34, 0 }, "brown" },
      { "form", { -0.5, 0.2, 0.58, 0.2, 0.54, 0.15, -0.46, 0.15 }, "red" },
    } },
  { words = { "房", "屋", "小院", "house", "home", "cottage", "hut" },
    main = "cream", size = 0.34, shapes = {
      { "form", { 0.2, 0.75, 0.2, 1.02, 0.3, 1.02, 0.3, 0.65 }, "brown" },
      { "form", { -0.42, 0, -0.42, 0.55, 0.42, 0.55, 0.42, 0 }, "main" },
      { "form", { -0.54, 0.52, 0, 0.96, 0.54, 0.52 }, "red" },
      { "form", { -0.1, 0, -0.1, 0.32, 0.1, 0.32, 0.1, 0 }, "brown" },
      { "form", { -0.33, 0.22, -0.33, 0.4, -0.17, 0.4, -0.17, 0.22 }, "lamp" },
      { "form", { 0.17, 0.22, 0.17, 0.4, 0.33, 0.4, 0.33, 0.22 }, "lamp" },
      { "oval", 0.06, 0.15, 0.018, 0.018, "yellow" },
    } },
  { words = { "城堡", "castle", "palace" }, main = "stone", size = 0.44,
    shapes = {
      { "form", { -0.5, 0, -0.5, 0.6, -0.28, 0.6, -0.28, 0 }, "dark" },
      { "form", { 0.5, 0, 0.5, 0.6, 0.28, 0.6, 0.28, 0 }, "dark" },
      { "form", { -0.54, 0.6, -0.39, 0.86, -0.24, 0.6 }, "red" },
      { "form", { 0.54, 0.6, 0.39, 0.86, 0.24, 0.6 }, "red" },
      { "form", { -0.3, 0, -0.3, 0.4, 0.3, 0.4, 0.3, 0 }, "main" },
      { "form", { -0.13, 0.3, -0.13, 0.78, 0.13, 0.78, 0.13, 0.3 }, "main" },
      { "form", { -0.18, 0.78, 0, 1.08, 0.18, 0.78 }, "red" },
      { "oval", 0, 0.62, 0.04, 0.06, "lamp" },
      { "oval", -0.39, 0.42, 0.03, 0.05, "lamp" },
      { "oval", 0.39, 0.42, 0.03, 0.05, "lamp" },
      { "oval", 0, 0.16, 0.09, 0.09, "ink" },
      { "form", { -0.09, 0, -0.09, 0.16, 0.09, 0.16, 0.09, 0 }, "ink" },
    } },
  { words = { "塔", "灯塔", "tower", "lighthouse", "pagoda" }, main = "white",
    size = 0.46, shapes = {
      { "form", { -0.15, 0, -0.09, 0.76, 0.09, 0.76, 0.15, 0 }, "main" },
      { "form", { -0.137, 0.16, -0.122, 0.34, 0.122, 0.34, 0.137, 0.16 }, "red" },
      { "form", { -0.11, 0.5, -0.098, 0.66, 0.098, 0.66, 0.11, 0.5 }, "red" },
      { "form", { -0.13, 0.76, -0.13, 0.79, 0.13, 0.79, 0.13, 0.76 }, "ink" },
      { "form", { -0.07, 0.79, -0.07, 0.9, 0.07, 0.9, 0.07, 0.79 }, "lamp" },
      { "form", { -0.11, 0.9, 0, 1.02, 0.11, 0.9 }, "red" },
    } },
  { words = { "树", "tree" }, main = "leaf", size = 0.46, shapes = {
      { "curve", { 0, 0, 0.03, 0.25, 0, 0.6 }, 0.13, 0.07, "brown" },
      { "curve", { 0, 0.3, 0.12, 0.42, 0.2, 0.5 }, 0.05, 0.03, "brown" },
      { "oval", -0.2, 0.58, 0.24, 0.2, "dark" },
      { "oval", 0.2, 0.6, 0.25, 0.21, "dark" },
      { "oval", 0, 0.76, 0.3, 0.26, "main" },
      { "oval", -0.12, 0.84, 0.13, 0.1, "light" },
    } },
  { words = { "花", "玫瑰", "牡丹", "flower", "rose", "tulip" },
    main = "pink", size = 0.34, shapes = bouquet() },
  { words = { "火箭", "飞船", "rocket", "spaceship" }, main = "white",
    where = "sky", size = 0.42, shapes = {
      { "form", { -0.1, 0.16, 0, -0.2, 0.1, 0.16 }, "orange" },
      { "form", { -0.05, 0.16, 0, -0.06, 0.05, 0.16 }, "yellow" },
      { "form", { -0.14, 0.4, -0.28, 0.12, -0.1, 0.18 }, "red" },
      { "form", { 0.14, 0.4, 0.28, 0.12, 0.1, 0.18 }, "red" },
      { "oval", 0, 0.52, 0.16, 0.42, "main" },
      { "form", { -0.1, 0.85, 0, 1.02, 0.1, 0.85 }, "red" },
      { "oval", 0, 0.62, 0.08, 0.08, "ink" },
      { "oval", 0, 0.62, 0.058, 0.058, "sky" },
    } },
  { words = { "机器人", "robot" }, main = "steel", size = 0.36, shapes = {
      { "form", { -0.16, 0, -0.16, 0.2, -0.04, 0.2, -0.04, 0 }, "dark" },
      { "form", { 0.16, 0, 0.16, 0.2, 0.04, 0.2, 0.04, 0 }, "dark" },
      { "curve", { -0.2, 0.52, -0.36, 0.46, -0.32, 0.26 }, 0.08, 0.07, "dark" },
      { "curve", { 0.2, 0.52, 0.36, 0.46, 0.32, 0.26 }, 0.08, 0.07, "dark" },
      { "form", { -0.22, 0.18, -0.22, 0.56, 0.22, 0.56, 0.22, 0.18 }, "main" },
      { "form", { -0.19, 0.6, -0.19, 0.9, 0.19, 0.9, 0.19, 0.6 }, "main" },
      { "curve", { 0, 0.9, 0, 0.95, 0, 1 }, 0.02, 0.02, "ink" },
      { "oval", 0, 1.02, 0.035, 0.035, "red" },
      { "oval", -0.08, 0.77, 0.045, 0.045, "lamp" },
      { "oval", 0.08, 0.77, 0.045, 0.045, "lamp" },
      { "form", { -0.08, 0.66, -0.08, 0.69, 0.08, 0.69, 0.08, 0.66 }, "ink" },
      { "oval", 0, 0.4, 0.06, 0.06, "red" },
    } },
  { words = { "车", "car", "bus", "taxi" }, main = "red", size = 0.2, shapes = {
      { "form", { -0.5, 0.45, -0.3, 0.9, 0.32, 0.9, 0.55, 0.45 }, "main" },
      { "form", { -0.36, 0.48, -0.24, 0.8, -0.02, 0.8, -0.02, 0.48 }, "sky" },
      { "form", { 0.04, 0.48, 0.04, 0.8, 0.26, 0.8, 0.42, 0.48 }, "sky" },
      { "form", { -0.85, 0.12, -0.82, 0.46, 0.82, 0.46, 0.88, 0.12 }, "main" },
      { "oval", 0.8, 0.34, 0.06, 0.06, "lamp" },
      { "oval", -0.48, 0.14, 0.17, 0.17, "ink" },
      { "oval", 0.48, 0.14, 0.17, 0.17, "ink" },
      { "oval", -0.48, 0.14, 0.08, 0.08, "steel" },
      { "oval", 0.48, 0.14, 0.08, 0.08, "steel" },
    } },
  { words = { "苹果", "apple" }, main = "red", size = 0.3, shapes = {
      { "oval", -0.14, 0.36, 0.26, 0.35, "main" },
      { "oval", 0.14, 0.36, 0.26, 0.35, "main" },
      { "oval", -0.22, 0.48, 0.06, 0.1, "light" },
      { "curve", { 0, 0.62, 0, 0.78, 0.07, 0.88 }, 0.04, 0.05, "brown" },
      { "oval", 0.2, 0.82, 0.15, 0.06, "leaf" },
    } },
  { words = { "爱心", "心形", "红心", "heart" }, main = "red", where = "sky",
    size = 0.24, shapes = {
      { "oval", -0.22, 0.68, 0.25, 0.25, "main" },
      { "oval", 0.22, 0.68, 0.25, 0.25, "main" },
      { "form", { -0.44, 0.56, 0, 0, 0.44, 0.56, 0, 0.75 }, "main" },
      { "oval", -0.26, 0.76, 0.08, 0.07, "light" },
    } },
}
