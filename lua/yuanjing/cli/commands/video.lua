--- `yuanjing video`.
return require("yuanjing.cli.making").command("video",
  "Make a video from a text, from frames, or after references.")
