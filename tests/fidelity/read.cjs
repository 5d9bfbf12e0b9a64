// Open each workbook with a library, and count its cells: node read.cjs LIBRARY FILE …
const [library, ...files] = process.argv.slice(2);
const lib = require(library);

async function cells(file) {
  let count = 0;
  if (library === "exceljs") {
    const book = new lib.Workbook();
    await book.xlsx.readFile(file);
    book.eachSheet((sheet) => sheet.eachRow((row) => row.eachCell(() => { count += 1; })));
  } else {
    const book = lib.readFile(file);
    for (const name of book.SheetNames) count += Object.keys(book.Sheets[name]).length;
  }
  return count;
}

(async () => {
  const told = [];
  for (const file of files) {
    try {
      told.push((await cells(file)) > 10 ? "fine" : "no cells are found in it");
    } catch (error) {
      told.push(String(error).slice(0, 200));
    }
  }
  console.log(JSON.stringify(told));
})();
