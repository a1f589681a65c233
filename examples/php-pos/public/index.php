<?php // The till's bills.
declare(strict_types=1);

require __DIR__ . '/../start.php';
require __DIR__ . '/../page.php';

const WORDS = ['open' => 'Open', 'leaving' => 'Open, cash chosen', 'paid' => 'Paid', 'refunded' => 'Given back'];

$person = person();
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    go('/bill.php', ['ref' => new_bill($person['till'])]);
}
page_begins('Bills', $person);
?>
<main>
  <h1>Bills</h1>
  <form method="post"><?= csrf_field() ?><button class="primary">New bill</button></form>
  <ul class="bills">
<?php foreach (bills_of($person['till']) as $bill) {
    $page = $bill['payment'] === null ? '/bill.php' : '/receipt.php'; ?>
    <li>
      <a href="<?= $page ?>?ref=<?= html(urlencode($bill['ref'])) ?>"><?= html($bill['ref']) ?></a>
      <span><?= money($bill['total']) ?></span>
      <span><?= WORDS[$bill['state']] ?></span>
    </li>
<?php } ?>
  </ul>
</main>
