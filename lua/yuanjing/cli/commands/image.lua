--- `yuanjing image`.
return require("yuanjing.cli.making").command("image",
  "Make an image from a text.")
