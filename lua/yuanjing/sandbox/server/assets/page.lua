--- The page for a person's phone: plain HTML without scripts and without
-- anything to load.
local page = {}

local ESCAPES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;",
}

--- Escapes a text for HTML, also inside quotes.
---@param text string
---@return string
function page.escape(text)
  return (text:gsub("[&<>\"']", ESCAPES))
end

local TEMPLATE = [[
<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">$refresh
<link rel="icon" href="data:,">
<title>$title</title>
<style>
:root { --back: #f2f4f8; --card: #fff; --text: #1b2333; --soft: #5c6880;
  --line: #e3e7ef; --main: #2456d6; --on: #fff; --good: #14804a;
  --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #10141c; --card: #1a202c; --text: #eef1f7; --soft: #a3adc0;
    --line: #2c3546; --main: #7ea2ff; --on: #0d1526; --good: #5fd39a;
    --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex;
  align-items: center; justify-content: center; padding: 20px;
  background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "PingFang SC", "Noto Sans CJK SC",
    "Microsoft YaHei", sans-serif; }
main { width: 100%; max-width: 400px; padding: 32px 24px 24px;
  background: var(--card); border: 1px solid var(--line); border-radius: 20px;
  text-align: center; }
svg { width: 72px; height: 72px; color: var(--$colour); }
h1 { margin: 16px 0 0; font-size: 24px; line-height: 1.3; }
p { margin: 16px 0 0; text-wrap: balance; }
[lang=en] { display: block; color: var(--soft); font-size: .875em;
  font-weight: 400; }
.name { padding: 12px; background: var(--back); border-radius: 12px;
  font-weight: 600; overflow-wrap: anywhere; }
button { width: 100%; margin-top: 24px; padding: 14px; border: 0;
  border-radius: 14px; background: var(--main); color: var(--on); font: inherit;
  font-size: 18px; font-weight: 600; line-height: 1.3; cursor: pointer; }
button [lang=en] { color: inherit; }
button:focus-visible { outline: 3px solid var(--text); outline-offset: 3px; }
footer { margin-top: 24px; padding-top: 16px; font-size: 13px;
  border-top: 1px solid var(--line); color: var(--soft);
  text-wrap: balance; }
</style>
</head>
<body>
<main id="$state">
<svg viewBox="0 0 72 72" fill="none" stroke="currentColor" stroke-width="4"
stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">$icon</svg>
<h1>$head</h1>
$body
<footer>$footer</footer>
</main>
</body>
</html>
]]

local CIRCLE = '<circle cx="36" cy="36" r="32"/>'

local ICONS = {
  face = '<path d="M4 20V12a8 8 0 0 1 8-8h8M52 4h8a8 8 0 0 1 8 8v8M68 52v8' ..
    'a8 8 0 0 1-8 8h-8M20 68h-8a8 8 0 0 1-8-8v-8"/>' ..
    '<path d="M25 28v3M47 28v3M25 47c6 6 16 6 22 0M37 28v11h-4"/>',
  good = CIRCLE .. '<path d="M22 37l10 10 18-20"/>',
  clock = CIRCLE .. '<path d="M36 18v18l12 8"/>',
  bad = CIRCLE .. '<path d="M25 25l22 22M47 25l-22 22"/>',
}

-- The texts of the page in Chinese and English.
local STATES = {
  open = { icon = "face", colour = "main",
    { "真人认证", "Verify that it is you" } },
  active = { icon = "good", colour = "good",
    { "认证成功", "Verified" },
    { "可以关闭此页面了。", "You may close this page." } },
  failed = { icon = "bad", colour = "bad",
    { "认证未通过", "Not verified" },
    { "请向发起方索取新的链接，再试一次。",
      "Please ask for a new link and try again." } },
  used = { icon = "clock", colour = "soft",
    { "链接已使用", "This link has been used" },
    { "如需再次认证，请向发起方索取新的链接。",
      "To verify again, please ask for a new link." } },
  expired = { icon = "clock", colour = "soft",
    { "链接已过期", "This link has expired" },
    { "请向发起方索取新的链接，再试一次。",
      "Please ask for a new link and try again." } },
  unknown = { icon = "bad", colour = "soft",
    { "链接无效", "This link is not known" },
    { "请检查链接是否完整，或向发起方索取新的链接。",
      "Please check that it is complete, or ask for a new one." } },
}

local FOOTER = { "元境沙箱：没有摄像头，也不识别人脸",
  "The Yuanjing sandbox: no camera, no face recognition" }

local function both(texts)
  return ('%s <span lang="en">%s</span>'):format(texts[1], texts[2])
end

local function paragraph(texts)
  return ("<p>%s</p>"):format(both(texts))
end

local function form(left)
  return table.concat {
    paragraph { "按下按钮，即代表本人完成人脸识别。",
      "Pressing the button stands for showing your face." },
    '<form method="post"><button id="confirm">',
    both { "确认是本人", "Yes, it is me" }, "</button></form>",
    paragraph { ("链接将在 %d 秒后失效"):format(left),
      ("This link expires in %d s"):format(left) },
  }
end

local function body_of(state, group, left)
  local out = {}
  if group and group.name ~= "" then
    out[1] = ('<p class="name">%s</p>'):format(page.escape(group.name))
  end
  if STATES[state][2] then out[#out + 1] = paragraph(STATES[state][2]) end
  if left then out[#out + 1] = form(left) end
  return table.concat(out, "\n")
end

-- An open page reloads itself at its end, to show that it has expired.
local function refresh(left)
  return ('\n<meta http-equiv="refresh" content="%d">'):format(left + 1)
end

--- The page in one of its states.
---@param state "open"|"active"|"failed"|"used"|"expired"|"unknown"
---@param group? yuanjing.sandbox.Group
---@param left? number seconds that an open page is valid
---@return string
function page.render(state, group, left)
  local known = STATES[state]
  left = left and math.ceil(left)
  return (TEMPLATE:gsub("%$(%l+)", {
    state = state, icon = ICONS[known.icon], colour = known.colour,
    title = ("%s · %s"):format(known[1][1], known[1][2]),
    head = both(known[1]), body = body_of(state, group, left),
    footer = both(FOOTER), refresh = left and refresh(left) or "",
  }))
end

return page
